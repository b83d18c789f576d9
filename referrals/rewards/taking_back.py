"""What the return of a referee's first bill does to its rewards (docs/organization-file.md, `take_back_on_return`)."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import BigIntegerField

from engagement.adjustments.taking_back import lots_of
from engagement.bills.models import Bill
from engagement.coupons.models import Coupon
from engagement.coupons.reactivating import CouponStateError, expire_coupon
from engagement.numbers.display import format_points
from engagement.points.explanations import REFERRAL_BACK
from engagement.points.ledger.posting import ZERO, EntryContext, Kind, Take, post
from engagement.points.ledger.repository import States, lock_accounts, settle_states, write_accounts
from engagement.programs.account_key import AccountKey
from loyalty_project.db.lookups import is_any_of
from loyalty_project.protocol.numbers import plain_digits
from organizations.audit.actors import Actor
from referrals.links.events import events_of_bills
from referrals.links.models import RefereeEvent
from referrals.rewards.models import Reward
from referrals.rewards.services import lock_rewards, store_rewards

State: Final = Reward.State
_REASON: Final = "the referee's first bill came back"


def take_back_rewards(returns: Sequence[Bill], *, by: Actor, now: datetime) -> None:
    """Take the rewards of first bills back that these returns bring back, whole or below the campaign's least amount.

    What is promised or held is cancelled. What was given is taken back as far as it is unspent, if the campaign says so: what
    is left of the points, and a coupon that was not redeemed. The caller holds the locks of buyers and their referrers. One
    query if no bill concerned is a first one. Call it in a transaction.
    """
    sales = {bill.return_of_id for bill in returns if bill.return_of_id is not None and bill.counts}
    events = {event.pk: event for event in events_of_bills(sales) if _came_back(event)}
    if not events:
        return
    open_states = [State.HELD, State.PROMISED, State.GIVEN]
    of_events = Reward.objects.filter(is_any_of("event_id", events, BigIntegerField()), state__in=open_states)
    rewards = lock_rewards(of_events)
    back = [reward for reward in rewards if reward.state == State.GIVEN and reward.link.version.typed_terms.takes_back]
    cancelled = [reward for reward in rewards if reward.state != State.GIVEN]
    for reward in cancelled:
        reward.state, reward.problem = State.CANCELLED, _REASON
    if back:
        _take_back(back, by=by, now=now)
    store_rewards([*cancelled, *back], by=by)


def _came_back(event: RefereeEvent) -> bool:
    """True if so much of the first bill has come back that it would not be rewarded."""
    bill = event.bill
    if bill is None:
        return False
    return bill.is_returned or not event.link.version.typed_terms.is_enough(bill.amount - bill.returned_amount)


def _take_back(rewards: Sequence[Reward], *, by: Actor, now: datetime) -> None:
    states = lock_accounts({reward.receiver_id for reward in rewards}, zone=by.organization.zone)
    settle_states(states.values(), until=now, recorded_at=now)
    for reward in rewards:
        gone: list[str] = []
        if reward.entry is not None:
            spent = reward.entry.points - _take_points(reward, states, by=by, now=now)
            if spent:
                gone.append(f"{format_points(spent)} points had been spent or had expired")
        if reward.coupon is not None and not _end_coupon(reward.coupon, by=by):
            gone.append("the coupon had been redeemed or had expired")
        reward.state, reward.problem = State.TAKEN_BACK, "; ".join([_REASON, *gone])
    write_accounts(states.values())


def _take_points(reward: Reward, states: States, *, by: Actor, now: datetime) -> Decimal:
    """Take what is left of the lot that the reward brought, and of those that got its points by merges."""
    assert reward.entry is not None  # noqa: S101 - the caller has looked
    state = states.get(AccountKey(reward.receiver_id, reward.entry.account.program_id))
    if state is None:
        return ZERO
    own = lots_of(reward.entry)
    takes: list[Take] = [(lot, lot.left) for lot in state.spendable() if lot.pk in own]
    points: Decimal = sum((left for _, left in takes), ZERO)
    if points:
        gone = plain_digits(reward.entry.points - points)
        facts = EntryContext(
            occurred_at=now,
            recorded_at=now,
            made_by=by.name,
            till=by.till,
            store=by.store,
            explanation={"because": REFERRAL_BACK, "campaign": reward.campaign.token, "gone": gone},
        )
        post(state, Kind.RETURN, points=-points, takes=takes, facts=facts)
    return points


def _end_coupon(coupon: Coupon, *, by: Actor) -> bool:
    """End the coupon; False if it was redeemed, or is over already."""
    if coupon.uses:
        return False
    try:
        expire_coupon(coupon, by=by, reason=_REASON)
    except CouponStateError:
        return False
    return True
