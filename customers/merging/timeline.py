"""Merges of a customer as rows of the timeline on the customer's page."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext

from customers.merging.models import Merge
from customers.profile.models import Customer
from organizations.back_office.columns import is_in_sight, name_of
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice


def merges_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Merges into the customer, and of the customer into another, one row each. One query."""
    merges = Merge.objects.filter(Q(survivor=customer) | Q(victim=customer)).select_related("survivor", "victim")
    return [_row(merge, customer, part) for merge in part.newest(merges, "merged_at")]


def _row(merge: Merge, customer: Customer, part: TimelineSlice) -> TimelineRow:
    facts: list[tuple[str, Any]] = [(gettext("Reason"), merge.reason), (gettext("By"), actor_label(merge.actor))]
    if merge.undone_at:
        facts += [
            (gettext("Undone"), merge.undone_at),
            (gettext("Undone by"), actor_label(merge.undone_by)),
            (gettext("Reason to undo"), merge.undone_reason),
        ]
    return TimelineRow(
        key=part.key(merge.merged_at, merge.pk),
        icon="merge",
        title=gettext("Merge"),
        note=_what_merged(merge, customer),
        state="undone" if merge.undone_at else "",
        facts=facts,
        # The list of merges shows those of survivors in sight.
        link=page_of(merge) if is_in_sight(merge.survivor) else "",
    )


def _what_merged(merge: Merge, customer: Customer) -> str:
    other = merge.victim if merge.survivor_id == customer.pk else merge.survivor
    name = name_of(other, gettext("%(other)s (customer %(id)s)") % {"other": other, "id": other.pk})
    return (
        gettext("%(name)s was merged into this customer") % {"name": name}
        if other is merge.victim
        else gettext("merged into %(name)s") % {"name": name}
    )
