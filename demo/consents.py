"""What did the customers of the demo agree to, and what did they think better of later? Invented, the same at every run."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final

from customers.profile.models import Customer
from subscriptions.choices import Choice
from subscriptions.models import Channel, Priority
from subscriptions.services import Decision

SEED: Final = 20_240_301
_FIRST_CAMPAIGN: Final = 101
_CAMPAIGNS: Final = 24
_OUT: Final = ("Too many messages", "Not interested any more", "Moved away", "Did not say why")
_BACK: Final = ("Wants to hear of sales again", "Asked for the newsletter again", "Changed their mind")


def demo_decisions(customers: Sequence[Customer], *, now: datetime) -> list[Decision]:
    """What each of `customers` decided from the registration until `now`, oldest first. Who they are does not matter."""
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    decisions = [decision for customer in customers for decision in _life(customer, now, random)]
    return sorted(decisions, key=lambda decision: decision.at)


def _life(customer: Customer, now: datetime, random: Random) -> Iterator[Decision]:
    """Three in five say something when they register; of these some change their minds, of whom some change them again."""
    if random.random() > 0.6:
        return
    joined = customer.registered_on
    for channel in Channel:
        if random.random() < 0.7:
            subscribed = random.random() < 0.75
            bulk = Choice(channel=channel, priority=Priority.BULK, is_subscribed=subscribed)
            yield Decision(customer_id=customer.pk, choice=bulk, at=joined)
            if subscribed and random.random() < 0.3:
                yield from _change_of_mind(customer, channel, now, random)
        if random.random() < 0.2:
            trans = Choice(channel=channel, priority=Priority.TRANS, is_subscribed=random.random() < 0.9)
            yield Decision(customer_id=customer.pk, choice=trans, at=joined)


def _change_of_mind(customer: Customer, channel: Channel, now: datetime, random: Random) -> Iterator[Decision]:
    """Out, by a campaign's message, and perhaps in again."""
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
        reason=random.choice(_OUT),
    )
    if random.random() < 0.25:
        again = Choice(channel=channel, priority=Priority.BULK, is_subscribed=True)
        yield Decision(customer_id=customer.pk, choice=again, at=_between(out, now, random), reason=random.choice(_BACK))


def _between(start: datetime, end: datetime, random: Random) -> datetime:
    """A moment after `start` and not after `end`, to the second."""
    seconds = max(int((end - start).total_seconds()), 1)
    return start + timedelta(seconds=random.randint(1, seconds))
