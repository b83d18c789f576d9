"""Changes of a customer's consents as rows of the timeline on the customer's page."""

from typing import Any

from django.utils.translation import gettext

from customers.profile.models import Customer
from organizations.back_office.history import actor_label, source_label
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice
from subscriptions.models import ConsentChange
from subscriptions.switches import ANSWERS, label_of


def consents_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """The log of consents. One query."""
    return [_row(change, part) for change in part.newest(ConsentChange.objects.filter(customer=customer), "at")]


def _row(change: ConsentChange, part: TimelineSlice) -> TimelineRow:
    facts: list[tuple[str, Any]] = [
        (gettext("Before"), gettext(ANSWERS[change.old])),
        (gettext("Reason"), change.reason),
        (gettext("By"), f"{actor_label(change.actor)}, {source_label(change.source)}"),
    ]
    return TimelineRow(
        key=part.key(change.at, change.pk),
        icon="notifications_active" if change.new else "notifications_off",
        title=gettext("Consent"),
        note=label_of(change.channel, change.priority),
        state=gettext(ANSWERS[change.new]),
        tone="good" if change.new else "bad",
        facts=facts,
        link=page_of(change),
    )
