"""Consents of the demo's customers, and their later changes: invented, the same at every run."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from customers.profile.models import Customer
from organizations.audit.actors import Actor
from subscriptions.models import Channel, Priority
from subscriptions.rules import Choice
from subscriptions.services import Decision, keep_decisions

SEED: Final = 20_240_301
_FIRST_CAMPAIGN: Final = 101
_CAMPAIGNS: Final = 24
_REASONS_OUT: Final = ("Too many messages", "Not interested any more", "Moved away", "Did not say why")
_REASONS_BACK: Final = ("Wants to hear of sales again", "Asked for the newsletter again", "Changed their mind")


def demo_decisions(customers: Sequence[Customer], *, now: datetime) -> list[Decision]:
    """The decisions of the customers from their registration until `now`, the earliest first."""
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    decisions = [decision for customer in customers for decision in _decisions(customer, now, random)]
    return sorted(decisions, key=lambda decision: decision.at)


def record_demo_consents(customers: Sequence[Customer], *, by: Actor, now: datetime) -> None:
    """Record the decisions of these customers, in the transaction of the caller."""
    keep_decisions(demo_decisions(customers, now=now), by=by)


def _decisions(customer: Customer, now: datetime, random: Random) -> Iterator[Decision]:
    """The decisions of one customer: three in five consent or refuse at registration, and some of them change that later."""
    if random.random() > 0.6:
        return
    joined = customer.registered_on
    for channel in Channel:
        if random.random() < 0.7:
            subscribed = random.random() < 0.75
            bulk = Choice(channel=channel, priority=Priority.BULK, is_subscribed=subscribed)
            yield Decision(customer_id=customer.pk, choice=bulk, at=joined)
            if subscribed and random.random() < 0.3:
                yield from _changes(customer, channel, now, random)
        if random.random() < 0.2:
            trans = Choice(channel=channel, priority=Priority.TRANS, is_subscribed=random.random() < 0.9)
            yield Decision(customer_id=customer.pk, choice=trans, at=joined)


def _changes(customer: Customer, channel: Channel, now: datetime, random: Random) -> Iterator[Decision]:
    """Unsubscribe by a campaign's message; some subscribe again."""
    out = _between(customer.registered_on, now, random)
    campaign = _FIRST_CAMPAIGN + random.randrange(_CAMPAIGNS)
    yield Decision(
        customer_id=customer.pk,
        choice=Choice(
            channel=channel,
            priority=Priority.BULK,
            is_subscribed=False,
            campaign_id=campaign,
            outbox_id=campaign * 1000 + random.randrange(1000),
        ),
        at=out,
        reason=random.choice(_REASONS_OUT),
    )
    if random.random() < 0.25:
        again = Choice(channel=channel, priority=Priority.BULK, is_subscribed=True)
        yield Decision(
            customer_id=customer.pk, choice=again, at=_between(out, now, random), reason=random.choice(_REASONS_BACK)
        )


def _between(start: datetime, end: datetime, random: Random) -> datetime:
    """A moment after `start` and not after `end`, to the second."""
    seconds = max(int((end - start).total_seconds()), 1)
    return start + timedelta(seconds=random.randint(1, seconds))
