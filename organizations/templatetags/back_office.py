"""Filters for the templates of the back office."""

from datetime import date, datetime
from typing import Any, Final

from django import template
from django.utils import timezone

from loyalty_project import clock
from organizations.back_office.columns import link_to
from organizations.back_office.history import actor_label
from organizations.back_office.tables import cell
from organizations.staff.sight import shown_identifier, shown_value

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


@register.simple_tag
def identifier(kind: str, value: str, customer_id: int) -> str:
    """An identifier of a customer as the current user may see it."""
    return shown_identifier(kind, value, customer_id=customer_id)


@register.simple_tag
def personal(value: Any, customer_id: int) -> Any:
    """What was written about a customer, as the current user may see it."""
    return shown_value(value, customer_id=customer_id)


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
