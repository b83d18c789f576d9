"""Interactions of a customer as rows of the timeline on the customer's page."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext, gettext_noop

from customers.profile.models import Customer
from engagement.interactions.models import Interaction
from engagement.interactions.rules import CHECK_IN, NETWORK_NAMES, SURVEY
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice
from organizations.staff.sight import shown_value

_KINDS: Final[Mapping[str, str]] = {
    "email": gettext_noop("E-mail"),
    "emailbulk": gettext_noop("E-mail to many"),
    "sms": gettext_noop("SMS"),
    "whatsapp": gettext_noop("WhatsApp"),
    "missedcall": gettext_noop("Missed call"),
    CHECK_IN: gettext_noop("Check-in"),
}


def interactions_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """Messages, check-ins, posts and surveys. One query."""
    return [_row(contact, part) for contact in part.newest(Interaction.objects.filter(customer=customer), "occurred_at")]


def _row(contact: Interaction, part: TimelineSlice) -> TimelineRow:
    is_survey = contact.type == SURVEY
    network = NETWORK_NAMES[contact.network]
    kind = gettext(_KINDS.get(contact.type) or contact.type.capitalize())
    known: list[tuple[str, Any]] = [
        (gettext("From"), shown_value(contact.sender, customer_id=contact.customer_id)),
        (gettext("To"), shown_value(contact.receiver, customer_id=contact.customer_id)),
        (gettext("Delivered"), contact.delivered_at),
        (gettext("Sent by"), contact.sent_by),
        (gettext("Answered"), contact.completed_at),
    ]
    return TimelineRow(
        key=part.key(contact.occurred_at, contact.pk),
        icon="rate_review" if is_survey else "forum",
        title=f"Survey {contact.survey_name}".strip() if is_survey else kind,
        note=shown_value(contact.subject, customer_id=contact.customer_id) or network,
        state=_score(contact) or contact.status.lower(),
        tone=tone_of(contact.nps_score) if contact.nps_score is not None else "",
        facts=[(gettext("Channel"), f"{kind}, {network}"), *((name, value) for name, value in known if value)],
        link=page_of(contact),
    )


def _score(contact: Interaction) -> str:
    return "" if contact.nps_score is None else gettext("NPS score %(nps_score)s") % {"nps_score": contact.nps_score}


def tone_of(score: int) -> str:
    """The tone of an NPS score: promoters (9, 10) are good, detractors (0 to 6) bad."""
    return "good" if score >= 9 else "" if score >= 7 else "bad"
