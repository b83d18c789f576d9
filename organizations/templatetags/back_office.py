"""Filters for the templates of the back office."""

from django import template

from loyalty_project.phone_numbers import format_mobile
from organizations.back_office.columns import link_to

register = template.Library()
register.filter("link", link_to)


@register.filter
def words(name: str) -> str:
    """The name of a column as words."""
    return name.removesuffix("_id").replace("_", " ").capitalize()


@register.filter
def mobile(value: str, kind: str = "mobile") -> str:
    """An identifier of `kind`; a mobile number in international format."""
    return format_mobile(value) if kind == "mobile" else value
