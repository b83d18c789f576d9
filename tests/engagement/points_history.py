"""A points account with entries of every kind, for tests of what reads the ledger."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award, reverse, spend, take_back
from engagement.points.ledger.posting import Kind, post
from engagement.points.ledger.repository import write_accounts
from engagement.points.ledger.settlement import settle
from engagement.points.models import BillPoints, PointsAccount
from engagement.redemptions.models import Redemption
from organizations.tenancy.models import Organization
from tests.factories.bills import BillFactory, BillPointsFactory
from tests.factories.points import PointsAccountFactory, facts, state_of
from tests.factories.redemptions import RedemptionFactory, RedemptionReversalFactory

ZERO = Decimal(0)
START = datetime(2026, 1, 5, 10, tzinfo=UTC)


def day(number: int) -> datetime:
    """Ten o'clock on the `number`-th day of the history."""
    return START + timedelta(days=number)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The rows of such an account."""

    account: PointsAccount
    sale: Bill
    bill_points: BillPoints
    redemption: Redemption


def write_history(organization: Organization) -> History:
    """Buy, get a promise and a credit, redeem, give some back, bring half of it back; a promise and a lot run out.

    Lifetime 130, redeemed 40 less 15, returned 60, expired 10, adjusted 5: balance 40, and 30 promised.
    """
    account = PointsAccountFactory(organization=organization)
    sale = BillFactory(customer=account.customer, number=f"A-{account.pk}", amount=1000, billed_at=day(0))
    state = state_of(account)
    award(state, Decimal(100), facts=facts(day(0), bill_id=sale.pk), expiry=Expiry(on=date(2027, 1, 31)))
    award(state, Decimal(20), facts=facts(day(0), bill_id=sale.pk), opens_at=day(3))
    award(state, Decimal(30), facts=facts(day(0)), opens_at=day(40))
    redeemed = spend(state, Decimal(40), kind=Kind.REDEEM, facts=facts(day(2)))
    write_accounts([state])
    redemption = RedemptionFactory(account=account, entry=redeemed, reversed=15)
    state = state_of(account)
    settle(state, day(4), recorded_at=day(4))
    award(state, Decimal(10), facts=facts(day(4)), expiry=Expiry(on=day(5).date()))
    own = [lot for lot in state.lots if lot.bill_id == sale.pk]
    taken = [(consumption.lot, consumption.points) for consumption in redeemed.consumptions.order_by("pk")]
    open_lots = {lot.pk: lot for lot in state.lots}
    given_back = [(open_lots[lot.pk] if lot.left else lot, points) for lot, points in taken]
    reversal, _ = reverse(state, redeemed, Decimal(15), taken=given_back, facts=facts(day(4)))
    back = BillFactory(
        customer=account.customer, type=Bill.Type.RETURN, return_of=sale, number=f"R-{account.pk}", amount=500, billed_at=day(5)
    )
    Bill.objects.filter(pk=sale.pk).update(returned_amount=500)
    PurchaseTotals.objects.create(
        organization=organization, customer_id=account.customer_id, amount=500, bills=1, last_billed_at=day(0)
    )
    outcome = take_back(state, Decimal(60), own=own, claimed_spent=ZERO, facts=facts(day(5), bill_id=back.pk, sale_id=sale.pk))
    settle(state, day(10), recorded_at=day(10))
    award(state, Decimal(5), facts=facts(day(11)), as_adjustment=True)
    state.account.purchases, state.account.visits = Decimal(500), 1
    write_accounts([state])
    RedemptionReversalFactory(redemption=redemption, entry=reversal)
    bill_points = BillPointsFactory(
        bill=sale,
        account=account,
        issued=120,
        claimed=60,
        taken=outcome.taken + outcome.promised,
        claimed_spent=outcome.spent,
    )
    sale.refresh_from_db()
    return History(account=account, sale=sale, bill_points=bill_points, redemption=redemption)


def write_adjustments(history: History) -> None:
    """Add an adjustment of the account, and one of each sign that was taken back: the balance stays."""
    account = history.account
    state = state_of(account)
    credit = award(state, Decimal(7), facts=facts(day(12)), as_adjustment=True)
    debit = spend(state, Decimal(3), kind=Kind.ADJUST, facts=facts(day(12)))
    write_accounts([state])
    state = state_of(account)
    own = [(lot, lot.left) for lot in state.lots if lot.entry_id == credit.pk]
    taking = post(state, Kind.ADJUST, points=Decimal(-7), takes=own, reverses=credit, facts=facts(day(13)))
    held = {lot.pk: lot for lot in state.lots}
    taken = [(held[consumption.lot_id], consumption.points) for consumption in debit.consumptions.all()]
    giving, _ = reverse(state, debit, Decimal(3), taken=taken, facts=facts(day(13)), kind=Kind.ADJUST)
    write_accounts([state])
    for adjusted, entry in ((credit, taking), (debit, giving)):
        AdjustmentReversal.objects.create(
            organization=account.organization, adjusted=adjusted, entry=entry, points=abs(entry.points)
        )
    PointsAdjustment.objects.create(
        organization=account.organization,
        customer=account.customer,
        program=account.program,
        points=credit.points,
        reason="A slip of the till",
        status=PointsAdjustment.Status.DONE,
        requested_on=day(12),
        requested_by="staff:carla",
        decided_on=day(12),
        decided_by="staff:carla",
        entry=credit,
    )
