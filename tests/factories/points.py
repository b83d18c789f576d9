"""Factory of points accounts; how tests post entries to them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from factory import LazyAttribute, SelfAttribute, SubFactory, post_generation

from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, EntryContext
from engagement.points.ledger.repository import lock_accounts, write_accounts
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from tests.factories.base import TenantFactory
from tests.factories.customers import LONG_AGO, CustomerFactory
from tests.factories.organizations import OrganizationFactory
from tests.factories.programs import MembershipFactory


class PointsAccountFactory(TenantFactory):
    """The empty account of a member of `program`, by default the organization's default program.

    `membership=False` leaves the membership out.
    """

    class Meta:
        model = PointsAccount

    organization = SubFactory(OrganizationFactory, with_program=True)
    customer = SubFactory(CustomerFactory, organization=SelfAttribute("..organization"))
    program = LazyAttribute(lambda account: Program._base_manager.get(organization=account.organization, is_default=True))

    @post_generation
    def membership(account: PointsAccount, _create: bool, wanted: bool | None, **_: object) -> None:  # noqa: N805, FBT001
        if wanted is not False:
            MembershipFactory(customer=account.customer, program=account.program, organization=account.organization)


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
