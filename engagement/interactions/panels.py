"""The tables of the latest interactions and of survey answers, on a customer's page."""

from typing import Final

from django.urls import reverse

from customers.profile.models import Customer
from engagement.interactions.models import Interaction
from engagement.interactions.rules import SURVEY
from organizations.back_office.columns import link_to
from organizations.back_office.tables import Table, badge, number, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 5
_PERMISSION: Final = "engagement.view_interaction"


def interactions_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest interactions but surveys; None without interactions or permission. One query."""
    if not seen_by.has_perm(_PERMISSION):
        return None
    latest = Interaction.objects.filter(customer=customer).exclude(type=SURVEY).order_by("-occurred_at", "-pk")[:SHOWN]
    rows = [
        (
            contact.occurred_at,
            with_note(link_to(contact, contact.get_type_display()), contact.network),
            contact.subject,
            contact.sender,
            contact.receiver,
            badge(contact.status) if contact.status else None,
        )
        for contact in latest
    ]
    columns = ("Time", "Type", "Subject", "From", "To", "Status")
    return table("Interactions", columns, rows, link=_list_of(customer)) if rows else None


def surveys_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest surveys with their answers; None without surveys or permission. One query."""
    if not seen_by.has_perm(_PERMISSION):
        return None
    latest = Interaction.objects.filter(customer=customer, type=SURVEY).order_by("-occurred_at", "-pk")[:SHOWN]
    rows = [
        (
            link_to(survey, survey.survey_name or "Survey"),
            None if survey.nps_score is None else badge(survey.nps_score, tone_of(survey.nps_score)),
            survey.occurred_at,
            survey.completed_at,
            survey.sent_by,
        )
        for survey in latest
    ]
    columns = ("Survey", number("NPS score"), "Sent", "Answered", "Sent by")
    return table("Surveys", columns, rows, link=f"{_list_of(customer)}&type__exact={SURVEY}") if rows else None


def tone_of(score: int) -> str:
    """The tone of an NPS score: promoters (9, 10) are good, detractors (0 to 6) bad."""
    return "good" if score >= 9 else "" if score >= 7 else "bad"


def _list_of(customer: Customer) -> str:
    return f"{reverse('admin:engagement_interaction_changelist')}?customer={customer.pk}"
