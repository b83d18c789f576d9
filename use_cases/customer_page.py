"""The parts of the back office's customer page that other apps bring: points, purchases, bills, entries and panels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from customers.identity_requests.panels import identity_panel
from customers.profile.models import Customer
from engagement.adjustments.panels import adjustments_panel
from engagement.bills.latest import latest_bills
from engagement.bills.models import Bill, PurchaseTotals
from engagement.coupons.panels import coupons_panel
from engagement.interactions.panels import interactions_panel, surveys_panel
from engagement.notes.panels import notes_panel
from engagement.points.balances import Balance, read_balances
from engagement.points.entries import latest_entries
from engagement.points.models import PointsEntry
from engagement.programs.models import Program
from engagement.recommendations.panels import recommendations_panel
from engagement.tiers.panels import tiers_panel
from organizations.back_office.tables import Table
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from referrals.rewards.panels import referrals_panel
from subscriptions.panels import consents_panel
from tickets.ticket.panels import tickets_panel

ENTRIES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """Loyalty data of one customer. `purchases` is None for a customer without bills."""

    balances: Sequence[Balance]
    purchases: PurchaseTotals | None
    bills: Sequence[Bill]
    entries: Sequence[PointsEntry]


def read_customer_page(customer: Customer, *, organization: Organization) -> CustomerPage:
    """Read the loyalty data in six queries. Due steps are settled first, in further queries."""
    return CustomerPage(
        balances=_balances(customer, organization),
        purchases=PurchaseTotals.objects.filter(customer=customer).first(),
        bills=latest_bills(customer),
        entries=latest_entries(customer, limit=ENTRIES_SHOWN),
    )


def _balances(customer: Customer, organization: Organization) -> list[Balance]:
    """The balances, in programs that are off too: the default program first, then by the program's name."""
    balances = read_balances([customer.pk], organization=organization).of_customer(customer.pk)
    programs = Program.objects.filter(pk__in=balances).order_by("-is_default", "name") if balances else ()
    shown = []
    for program in programs:
        balance = balances[program.pk]
        if balance.membership is not None:
            balance.membership.program = program
            shown.append(balance)
    return shown


class CustomerPanel(Protocol):
    """Function that makes an app's table about a customer; None if `seen_by` may not see it."""

    def __call__(self, customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None: ...


PANELS: Sequence[CustomerPanel] = (
    tiers_panel,
    adjustments_panel,
    coupons_panel,
    notes_panel,
    interactions_panel,
    surveys_panel,
    recommendations_panel,
    tickets_panel,
    referrals_panel,
    identity_panel,
    consents_panel,
)


def panels_of(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> list[Table]:
    """The tables about a customer that `seen_by` may see, in their order on the page (docs/back-office.md)."""
    panels = (panel(customer, organization=organization, seen_by=seen_by) for panel in PANELS)
    return [panel for panel in panels if panel is not None]
