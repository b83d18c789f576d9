"""Members of a program for tests, and their points accounts."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from customers.profile.models import Customer
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount
from engagement.programs.models import Membership, Program
from organizations.tenancy.models import Organization

_numbers = count(1)
LONG_AGO = datetime(2020, 1, 1, 12, tzinfo=UTC)


def make_customer(organization: Organization, **more: Any) -> Customer:
    defaults = {"registered_on": LONG_AGO, "updated_on": LONG_AGO, "firstname": f"Member {next(_numbers)}"}
    return Customer.objects.create(organization=organization, **{**defaults, **more})


def make_account(
    organization: Organization, program: Program | None = None, *, customer: Customer | None = None
) -> PointsAccount:
    """An empty account of a member of the default program (or of `program`)."""
    customer = customer or make_customer(organization)
    program = program or Program.objects.get(is_default=True)
    Membership.objects.create(organization=organization, customer=customer, program=program, enrolled_on=LONG_AGO)
    return PointsAccount.objects.create(organization=organization, customer=customer, program=program)


def state_of(account: PointsAccount) -> AccountState:
    """The account's state, locked: call it in a transaction."""
    (state,) = (
        state
        for state in lock_accounts([account.customer_id], zone=account.organization.zone).values()
        if state.account.pk == account.pk
    )
    return state


def facts(at: datetime = LONG_AGO, **more: Any) -> EntryContext:
    return EntryContext(**{"occurred_at": at, "recorded_at": at, "made_by": "till:mgroad.till1", **more})


def give_points(account: PointsAccount, points: str | int, **more: Any) -> None:
    """Credit points and write them; `more` goes to `award`."""
    state = state_of(account)
    award(state, Decimal(points), facts=more.pop("facts", facts()), **more)
    write_accounts([state])
