"""Factories of redemptions and their reversals, with the entries that the ledger writes."""

from decimal import Decimal
from typing import Any

from factory import LazyAttribute, SelfAttribute, Sequence

from customers.profile.models import Customer
from engagement.points.ledger.movements import award, reverse, spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import write_accounts
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from engagement.redemptions.models import Redemption, RedemptionReversal
from organizations.locations.models import Till
from tests.factories.base import TenantFactory
from tests.factories.bills import at
from tests.factories.points import facts, state_of


class RedemptionFactory(TenantFactory):
    """The redemption of `entry`, which the ledger has written."""

    class Meta:
        model = Redemption

    organization = SelfAttribute("account.organization")
    account = SelfAttribute("entry.account")
    code = Sequence("R{:05}".format)
    points = LazyAttribute(lambda redemption: -redemption.entry.points)


class RedemptionReversalFactory(TenantFactory):
    """The reversal of a redemption by `entry`, which the ledger has written."""

    class Meta:
        model = RedemptionReversal

    organization = SelfAttribute("redemption.organization")
    points = SelfAttribute("entry.points")


def redeem(
    customer: Customer,
    program: Program,
    points: int,
    when: str,
    *,
    till: Till | None,
    reference: str = "",
    note: str = "",
    **more: Any,
) -> Redemption:
    """A redemption at `when` of points awarded just for it."""
    state = state_of(PointsAccount.objects.get(customer=customer, program=program))
    award(state, Decimal(points), facts=facts())
    location = {"till": till, "store": till.store if till else None}
    entry = spend(state, Decimal(points), kind=Kind.REDEEM, facts=facts(at(when), reference=reference, note=note, **location))
    write_accounts([state])
    return RedemptionFactory(account=state.account, entry=entry, **more)


def give_back(redemption: Redemption, points: int, when: str, *, till: Till | None) -> RedemptionReversal:
    """A reversal of a part of the redemption."""
    state = state_of(redemption.account)
    taken = [(consumption.lot, consumption.points) for consumption in redemption.entry.consumptions.select_related("lot")]
    entry, _ = reverse(state, redemption.entry, Decimal(points), taken=taken, facts=facts(at(when), till=till))
    write_accounts([state])
    return RedemptionReversalFactory(redemption=redemption, entry=entry)
