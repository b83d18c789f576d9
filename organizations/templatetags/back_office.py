"""Filters for the templates of the back office."""

from django import template

from organizations.back_office.columns import link_to

register = template.Library()
register.filter("link", link_to)
