"""Filters for the templates of the back office."""

from datetime import date, datetime
from typing import Final

from django import template
from django.utils import timezone

from loyalty_project import clock
from loyalty_project.phone_numbers import format_mobile
from organizations.back_office.columns import link_to
from organizations.back_office.history import actor_label
from organizations.back_office.tables import cell

# From so many days on, months and years are counted.
_MONTHS_FROM: Final = 60
_YEARS_FROM: Final = 730
register = template.Library()
register.filter("link", link_to)
register.filter("actor", actor_label)
register.filter("cell", cell)


@register.filter
def words(name: str) -> str:
    """The name of a column as words."""
    return name.removesuffix("_id").replace("_", " ").capitalize()


@register.filter
def mobile(value: str, kind: str = "mobile") -> str:
    """An identifier of `kind`; a mobile number in international format."""
    return format_mobile(value) if kind == "mobile" else value


@register.filter
def days_left(day: date) -> str:
    """How far a day is ahead, in the time zone of the page: "today", "tomorrow", "in 12 days"; "" for one that is over."""
    number = (day - timezone.localdate(clock.now())).days
    return {0: "today", 1: "tomorrow"}.get(number, f"in {number:,} days" if number > 0 else "")


@register.filter
def days_ago(moment: datetime) -> str:
    """How long ago a moment was, in the time zone of the page: "today", "yesterday", "12 days ago", "5 months ago"."""
    number = (timezone.localdate(clock.now()) - timezone.localdate(moment)).days
    if number < 2:
        return {0: "today", 1: "yesterday"}.get(number, "in the future")
    if number < _MONTHS_FROM:
        return f"{number} days ago"
    return f"{number // 30} months ago" if number < _YEARS_FROM else f"{number // 365} years ago"
