"""Rewards of referees' events: promised, held for review, and given when they are due (docs/protocol.md 4.11).

A reward is made in the transaction of its event, under the locks of referee and referrer: `referral_reward_once` keeps it from
being made twice, its reference from being given twice.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import BigIntegerField, Count, Max, Q, QuerySet

from customers.profile.locks import lock_customers
from customers.profile.models import Customer
from engagement.programs.catalog import ProgramCatalog, current_catalog
from loyalty_project import clock
from loyalty_project.db.ids import give_ids
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.db.trusted_time import trusted
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from referrals.campaigns.rules import CampaignTerms, RewardTerms
from referrals.guard.services import find_evidence
from referrals.links.events import Occurrence, record_events
from referrals.links.models import RefereeEvent
from referrals.rewards.giving import give_rewards
from referrals.rewards.models import Reward

Role, State = Reward.Role, Reward.State
NOUN: Final = "reward"
COLUMNS: Final = (
    "state", "given_at", "evidence", "problem", "entry", "coupon", "decided_at", "decided_by", "decision_reason",
)  # fmt: skip
_BATCH: Final = 200


@dataclass(slots=True)
class Rewarded:
    """Rewards of one referee, made now, and warnings: 1097 where the campaign's limit refused the referrer's."""

    rewards: list[Reward] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def reward_events(
    occurrences: Sequence[Occurrence],
    *,
    customers: Mapping[int, Customer],
    catalog: ProgramCatalog,
    by: Actor,
    now: datetime,
) -> dict[int, Rewarded]:
    """Record the events and make their rewards, by the id of the link. A constant number of statements.

    A reward is held if there is evidence (`guard`), promised if it is not due yet, else given at once. `customers` are the
    referees and referrers, survivors of merges, locked by the caller. Call it in a transaction.
    """
    events = [event for event in record_events(occurrences, by=by) if _is_rewarded(event)]
    if not events:
        return {}
    made = _make(events, by=by, now=now)
    rewards = [reward for result in made.values() for reward in result.rewards]
    evidence = find_evidence({reward.link_id for reward in rewards})
    for reward in rewards:
        if reward.state == State.PROMISED and reward.link_id in evidence:
            reward.state, reward.evidence = State.HELD, list(evidence[reward.link_id])
    give_ids(rewards)
    give_rewards(
        [reward for reward in rewards if reward.state == State.PROMISED and reward.due_at <= now],
        customers=customers,
        catalog=catalog,
        by=by,
        now=now,
    )
    insert_rows(rewards)
    record_changes([_change(reward) for reward in rewards], by=by)
    return made


def _is_rewarded(event: RefereeEvent) -> bool:
    """True if the campaign rewards the event: of its kind, while it runs, and of a first bill that is large enough."""
    terms = event.link.version.typed_terms
    if event.kind not in terms.reward_on or not terms.runs_at(event.at, event.organization.zone):
        return False
    return event.bill is None or terms.is_enough(event.bill.amount)


def _make(events: Sequence[RefereeEvent], *, by: Actor, now: datetime) -> dict[int, Rewarded]:
    """The rewards of these events, unsaved: promised, or refused by the campaign's limit."""
    numbers = _Numbers({event.link.referrer_now for event in events if event.link.version.typed_terms.referrer_reward})
    made: dict[int, Rewarded] = {}
    for event in events:
        result, terms = made.setdefault(event.link_id, Rewarded()), event.link.version.typed_terms
        if terms.referee_reward is not None:
            result.rewards.append(_reward(event, Role.REFEREE, terms.referee_reward, by=by, now=now))
        if terms.referrer_reward is None or not terms.rewards_referee_number(event.nth):
            continue
        reward = _reward(event, Role.REFERRER, terms.referrer_reward, by=by, now=now)
        reward.most = terms.max_rewards
        reward.nth = numbers.take(reward, terms)
        if reward.nth is None:
            reward.state, reward.problem = State.REFUSED, "the campaign's limit of rewards is reached"
            result.notices.append(Notice(Code.POINTS_CAPPED))
        result.rewards.append(reward)
    return made


class _Numbers:
    """How many rewards these referrers (ids) have in their campaigns: two queries at most."""

    def __init__(self, referrers: Collection[int]) -> None:
        self._held: Counter[tuple[int, int]] = Counter()
        self._last: Counter[tuple[int, int]] = Counter()
        if not referrers:
            return
        rows = Reward.objects.filter(nth__isnull=False).order_by()
        held = rows.filter(is_any_of("receiver_id", referrers, BigIntegerField()))
        for receiver, campaign, count in held.values_list("receiver_id", "campaign_id").annotate(count=Count("pk")):
            self._held[receiver, campaign] = count
        first = rows.filter(is_any_of("earned_by_id", referrers, BigIntegerField()))
        for earner, campaign, nth in first.values_list("earned_by_id", "campaign_id").annotate(last=Max("nth")):
            self._last[earner, campaign] = nth

    def take(self, reward: Reward, terms: CampaignTerms) -> int | None:
        """The number of the referrer's next reward; None if the campaign gives no more."""
        key = (reward.receiver_id, reward.campaign_id)
        if terms.max_rewards is not None and self._held[key] >= terms.max_rewards:
            return None
        self._held[key] += 1
        self._last[key] += 1
        return self._last[key]


def _reward(event: RefereeEvent, role: Reward.Role, terms: RewardTerms, *, by: Actor, now: datetime) -> Reward:
    receiver = event.link.referrer_now if role == Role.REFERRER else event.link.referee_now
    return Reward(
        organization=by.organization,
        event=event,
        link=event.link,
        campaign=event.link.version.campaign,
        role=role,
        receiver_id=receiver,
        earned_by_id=receiver,
        state=State.PROMISED,
        points=terms.points,
        coupon_series=terms.coupon_series,
        promised_at=now,
        due_at=event.link.version.typed_terms.due_at(event.at),
    )


def give_due_rewards(*, by: Actor, batch_size: int = _BATCH) -> Iterator[int]:
    """Give every promised reward of the scope's organization that is due, one transaction a batch; yield how many were given.

    It may run beside itself and beside everything else: each batch is locked and read again.
    """
    now, reached = trusted(clock.now()), 0
    while True:
        due = Reward.objects.filter(state=State.PROMISED, due_at__lte=now, pk__gt=reached).order_by("pk")
        ids = list(due.values_list("pk", flat=True)[:batch_size])
        if not ids:
            return
        reached = ids[-1]
        yield len(give_promised(Q(pk__in=ids), by=by, now=now))


def give_due_of(receivers: Collection[int], *, by: Actor, now: datetime) -> list[Reward]:
    """Give what is due of these receivers (ids). Opens a transaction."""
    return give_promised(Q(receiver__in=receivers), by=by, now=now)


@transaction.atomic
def give_promised(condition: Q, *, by: Actor, now: datetime) -> list[Reward]:
    """Give the promised rewards that meet the condition and are due; those that were given.

    The evidence is searched again: accounts may have been merged meanwhile. Then the reward is held. Locks the receivers, then
    the rewards.
    """
    due = Reward.objects.filter(condition, state=State.PROMISED, due_at__lte=now)
    customers = lock_customers(due.order_by().values_list("receiver_id", flat=True), may_be_erased=True)
    rewards = lock_rewards(due.filter(is_any_of("receiver_id", customers, BigIntegerField()))) if customers else []
    evidence = find_evidence({reward.link_id for reward in rewards})
    for reward in rewards:
        if reward.link_id in evidence:
            reward.state, reward.evidence = State.HELD, list(evidence[reward.link_id])
    owed = [reward for reward in rewards if reward.state == State.PROMISED]
    give_rewards(owed, customers=customers, catalog=current_catalog() if owed else ProgramCatalog(()), by=by, now=now)
    store_rewards(rewards, by=by)
    return [reward for reward in owed if reward.state == State.GIVEN]


def lock_rewards(rewards: QuerySet[Reward]) -> list[Reward]:
    """The rewards, locked in the order of their ids, with what giving needs. Customers are locked before."""
    return list(lock(rewards.select_related("campaign", "event", "link__version")))


def store_rewards(rewards: Sequence[Reward], *, by: Actor) -> None:
    """Store the changes of these rewards with their audit entries."""
    update_rows(list(rewards), COLUMNS)
    record_changes([_change(reward) for reward in rewards], by=by)


def _change(reward: Reward) -> Change:
    new: dict[str, object] = {"customer": reward.receiver_id, "state": str(reward.get_state_display())}
    if reward.evidence and reward.state == State.HELD:
        new["evidence"] = list(reward.evidence)
    if reward.problem:
        new["problem"] = reward.problem
    if reward.decision_reason:
        new["reason"] = reward.decision_reason
    return Change(action=reward.state.lower().replace("_", " "), object_type=NOUN, object_id=reward.pk, new=new)
