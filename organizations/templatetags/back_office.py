"""Filters for the templates of the back office."""

from datetime import date, datetime
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from loyalty_project import clock
from loyalty_project.translation import format_number
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
    if number < 2:
        return {0: gettext("today"), 1: gettext("tomorrow")}.get(number, "")
    return ngettext("in %(number)s day", "in %(number)s days", number) % {"number": format_number(number)}


@register.filter
def days_ago(moment: datetime) -> str:
    """How long ago a moment was, in the time zone of the page: "today", "yesterday", "12 days ago", "5 months ago"."""
    number = (timezone.localdate(clock.now()) - timezone.localdate(moment)).days
    if number < 2:
        return {0: gettext("today"), 1: gettext("yesterday")}.get(number, gettext("in the future"))
    if number < _MONTHS_FROM:
        return ngettext("%(number)s day ago", "%(number)s days ago", number) % {"number": number}
    if number < _YEARS_FROM:
        months = number // 30
        return ngettext("%(number)s month ago", "%(number)s months ago", months) % {"number": months}
    years = number // 365
    return ngettext("%(number)s year ago", "%(number)s years ago", years) % {"number": years}
