"""The table of the latest changes of tiers, on a customer's page."""

from typing import Any, Final

from customers.profile.models import Customer
from engagement.tiers.explanations import explain_change
from engagement.tiers.models import TierChange
from organizations.back_office.columns import link_to
from organizations.back_office.history import actor_label
from organizations.back_office.tables import Table, badge, table, with_note
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

SHOWN: Final = 5
_TONES: Final = {TierChange.Kind.UPGRADE: "good", TierChange.Kind.DOWNGRADE: "bad"}


def tiers_panel(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None:  # noqa: ARG001 - signature of all panels
    """The latest changes of the customer's tiers; None without changes or permission. One query."""
    if not seen_by.has_perm("engagement.view_membership"):
        return None
    latest = TierChange.objects.filter(membership__customer=customer)
    latest = latest.select_related("membership__program", "membership__customer", "from_tier", "to_tier")
    rows = [_row(change) for change in latest.order_by("-changed_at", "-pk")[:SHOWN]]
    return table("Tiers", ("Tier", "Change", "When", "Until", "Why"), rows) if rows else None


def _row(change: TierChange) -> list[Any]:
    return [
        with_note(link_to(change.membership, change.to_tier.name), change.membership.program),
        badge(f"{change.get_kind_display()} from {change.from_tier}", _TONES.get(TierChange.Kind(change.kind), "")),
        with_note(change.changed_at, actor_label(change.made_by)),
        change.to_expires_on,
        explain_change(change),
    ]
