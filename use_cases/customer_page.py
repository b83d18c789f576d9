"""The first screen of the back office's customer page, and its tab *Profile*, composed of what each app brings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from customers.identity_requests.models import IdentityRequest
from customers.identity_requests.panels import identity_panel, pending_requests
from customers.profile.models import Customer
from engagement.adjustments.panels import adjustments_panel
from engagement.bills.latest import latest_sale
from engagement.bills.models import Bill, PurchaseTotals
from engagement.notes.models import Note
from engagement.notes.timeline import latest_notes
from engagement.numbers.money import round_money
from engagement.points.balances import Balance, read_balances
from engagement.programs.catalog import ProgramCatalog, current_catalog
from engagement.programs.models import Program
from engagement.recommendations.panels import recommendations_panel
from engagement.tiers.activity import read_activities
from engagement.tiers.progress import TierProgress, needed_since, tier_progress
from engagement.tiers.rules import Activity
from loyalty_project import clock
from organizations.back_office.tables import Table
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from referrals.rewards.panels import referrals_panel
from subscriptions.switches import Switch, consent_switches
from tickets.ticket.models import Ticket
from tickets.ticket.panels import tickets_panel
from tickets.ticket.timeline import open_tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCard:
    """A customer's points and tier in a program. `worth` is the balance in money, None if points have no worth there."""

    program: Program
    balance: Balance
    worth: Decimal | None
    progress: TierProgress | None
    has_tiers: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """What the first screen shows of a customer. None: the user may not see it.

    `purchases` and `last_sale` are None for a customer without bills too; `programs` begin with the default one.
    """

    programs: Sequence[ProgramCard] | None
    purchases: PurchaseTotals | None
    last_sale: Bill | None
    switches: Sequence[Switch] | None
    notes: Sequence[Note] | None
    requests: Sequence[IdentityRequest] | None
    tickets: Sequence[Ticket] | None


def read_customer_page(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> CustomerPage:
    """Read the first screen as `seen_by` may see it: a fixed number of queries.

    What is due of the customer's points is settled first, in further queries.
    """
    may = seen_by.has_perm
    sees_bills = may("engagement.view_bill")
    return CustomerPage(
        programs=read_programs(customer, organization=organization) if may("engagement.view_pointsaccount") else None,
        purchases=PurchaseTotals.objects.filter(customer=customer).first() if sees_bills else None,
        last_sale=latest_sale(customer) if sees_bills else None,
        switches=consent_switches(customer, organization=organization) if may("subscriptions.view_consent") else None,
        notes=latest_notes(customer) if may("engagement.view_note") else None,
        requests=pending_requests(customer) if may("customers.view_identityrequest") else None,
        tickets=open_tickets(customer) if may("tickets.view_ticket") else None,
    )


def settle_customer(customer: Customer, *, organization: Organization) -> None:
    """Settle what is due of the customer's points: one query if nothing is."""
    read_balances([customer.pk], organization=organization)


def read_programs(customer: Customer, *, organization: Organization) -> list[ProgramCard]:
    """The customer's programs, those that are off too: the default one first, then by name. Settles what is due.

    Three queries at most if nothing is due: balances, the version of the configuration, and activities if a tier asks for them.
    """
    balances = read_balances([customer.pk], organization=organization).of_customer(customer.pk)
    if not balances:
        return []
    catalog, now = current_catalog(), clock.now()
    activities = _read_activities(balances, catalog, organization, now)
    cards = [
        _program_card(balance, catalog, activities, organization, now)
        for balance in balances.values()
        if balance.membership is not None
    ]
    return sorted(cards, key=lambda card: (not card.program.is_default, card.program.name))


def _read_activities(
    balances: Mapping[int, Balance], catalog: ProgramCatalog, organization: Organization, now: datetime
) -> dict[int, list[Activity]]:
    """What the trackers of the next tiers look at, by account (id)."""
    since = {
        balance.account.pk: first
        for program_id, balance in balances.items()
        if balance.account is not None
        and balance.membership is not None
        and (first := needed_since(balance.membership, catalog.by_id[program_id], zone=organization.zone, now=now))
    }
    return read_activities(since, points=True, lines=True) if since else {}


def _program_card(
    balance: Balance,
    catalog: ProgramCatalog,
    activities: Mapping[int, Sequence[Activity]],
    organization: Organization,
    now: datetime,
) -> ProgramCard:
    membership = balance.membership
    assert membership is not None  # noqa: S101 - the caller has checked
    current = catalog.by_id[membership.program_id]
    ratio, currency = current.rules.ratio, organization.currency
    return ProgramCard(
        program=current.program,
        balance=balance,
        worth=round_money(balance.spendable * ratio, currency) if ratio else None,
        progress=tier_progress(
            membership,
            current,
            balance.totals,
            activities.get(balance.account.pk, ()) if balance.account else (),
            zone=organization.zone,
            day=now.astimezone(organization.zone).date(),
            currency=currency,
        ),
        has_tiers=bool(current.rules.tiers),
    )


class CustomerPanel(Protocol):
    """Function that makes an app's table about a customer; None if `seen_by` may not see it."""

    def __call__(self, customer: Customer, *, organization: Organization, seen_by: StaffMember) -> Table | None: ...


PANELS: Sequence[CustomerPanel] = (
    adjustments_panel,
    tickets_panel,
    referrals_panel,
    identity_panel,
    recommendations_panel,
)


def panels_of(customer: Customer, *, organization: Organization, seen_by: StaffMember) -> list[Table]:
    """The tables of the tab *Profile* that `seen_by` may see, in their order (docs/back-office.md)."""
    panels = (panel(customer, organization=organization, seen_by=seen_by) for panel in PANELS)
    return [panel for panel in panels if panel is not None]
