"""A chain of stores in which tests redeem points: two programs, a till in each store, members."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from customers.identifiers.models import Identifier
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from engagement.redemptions.redeeming import Redeemed, redeem_points
from engagement.redemptions.requests import RedemptionRequest, ReversalRequest
from engagement.redemptions.reversing import Reversed, reverse_redemption
from loyalty_project.protocol.errors import CountedRefusalError, LoyaltyError
from organizations.audit.actors import Actor
from organizations.locations.models import Store
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.customers import CustomerFactory
from tests.factories.locations import TillFactory, till_actor
from tests.factories.points import PointsAccountFactory, give_points
from tests.factories.program_files import club, loaded

NOON = datetime(2026, 5, 1, 6, 30, tzinfo=UTC)  # 12:00 in the shops


@dataclass(frozen=True, slots=True)
class Chain:
    """The organization, its programs, and the tills of its stores as actors."""

    organization: Organization
    club: Program
    south: Program
    blr: Actor
    delhi: Actor


def open_chain(**rules: Any) -> Chain:
    """The chain, whose default program has these rules (a point is worth 0.25, no decimals)."""
    organization = loaded(
        club(**{"precision": 0, "points_to_currency": Decimal("0.25"), **rules}),
        {"name": "South club", "bound_to": {"zones": ["south"]}, "earning": [], "precision": 2},
        base_country="IN",
    )
    with organization_scope(organization):
        stores = {store.code: store for store in Store.objects.all()}
        for store in stores.values():
            store.organization = organization
        blr, delhi = (till_actor(TillFactory(store=stores[code], code=f"{code}.till1")) for code in ("blr", "del"))
        programs = {program.name: program for program in Program.objects.all()}
    return Chain(organization, programs["Club"], programs["South club"], blr, delhi)


def member(chain: Chain, points: int = 100, *, mobile: str = "919812345678", **more: Any) -> PointsAccount:
    """A member of the default program with a mobile number and points that never expire."""
    customer = CustomerFactory(organization=chain.organization, **more)
    Identifier.objects.create(organization=chain.organization, customer=customer, kind="mobile", value=mobile)
    account = PointsAccountFactory(organization=chain.organization, program=chain.club, customer=customer)
    if points:
        give_points(account, points)
    return account


def order(account: PointsAccount, points: str = "30", **more: Any) -> RedemptionRequest:
    """An order by the customer's id."""
    return RedemptionRequest(**{"references": {"id": str(account.customer_id)}, "points": points, **more})


def redeem(wish: RedemptionRequest, by: Actor) -> Redeemed:
    """As a till does it: in a transaction, which keeps a wrong try."""
    counted: LoyaltyError
    with transaction.atomic():
        try:
            return redeem_points(wish, by=by)
        except CountedRefusalError as refusal:
            counted = refusal
    raise counted


def refusal_of(wish: RedemptionRequest, by: Actor) -> int:
    """The code by which it is refused; 0 for none."""
    try:
        with transaction.atomic():
            redeem(wish, by)
    except LoyaltyError as refusal:
        return int(refusal.code)
    return 0


def bring_back(redeemed: Redeemed, by: Actor, points: str = "", **more: Any) -> Reversed:
    """A reversal by the redemption's code."""
    with transaction.atomic():
        return reverse_redemption(
            ReversalRequest(**{"redemption_id": redeemed.redemption.code, "points": points, **more}), by=by
        )
