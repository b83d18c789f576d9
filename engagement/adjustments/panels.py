"""The table of the latest adjustments of points, on a customer's page."""

from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext

from customers.profile.models import Customer
from engagement.adjustments.models import PointsAdjustment
from organizations.back_office.columns import link_to
from organizations.back_office.history import actor_label
from organizations.back_office.tables import Table, badge, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 5
_TONES: Final[Mapping[str, str]] = {PointsAdjustment.Status.DONE: "good", PointsAdjustment.Status.REJECTED: "bad"}


def adjustments_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest adjustments of the customer's points; None without adjustments or permission. One query."""
    if not seen_by.has_perm("engagement.view_pointsadjustment"):
        return None
    latest = PointsAdjustment.objects.filter(customer=customer).select_related("program", "entry__taken_back")
    rows = [_row(adjustment) for adjustment in latest.order_by("-pk")[:SHOWN]]
    if not rows:
        return None
    link = f"{reverse('admin:engagement_pointsadjustment_changelist')}?customer={customer.pk}"
    return table("Adjustments", ("Points", "State", "Made", "Reason"), rows, link=link)


def state_of(adjustment: PointsAdjustment) -> str:
    """The state in a word: pending, done, rejected or taken back."""
    is_taken_back = adjustment.entry is not None and hasattr(adjustment.entry, "taken_back")
    return gettext("taken back") if is_taken_back else str(adjustment.get_status_display())


def _row(adjustment: PointsAdjustment) -> list[Any]:
    state = state_of(adjustment)
    tone = _TONES.get(adjustment.status, "") if state != gettext("taken back") else ""
    return [
        with_note(link_to(adjustment), adjustment.program),
        badge(state, tone),
        with_note(adjustment.requested_on, actor_label(adjustment.requested_by)),
        adjustment.reason,
    ]
