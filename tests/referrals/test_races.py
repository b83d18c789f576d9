"""Rewards, codes and links are made once by eight workers at the same moment.

The twins show that the tests can fail: without the locks a constraint refuses all but one worker, without the constraint the
locks suffice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from customers.profile import locks
from customers.profile.models import Customer
from engagement.events.models import DeferredEvent
from engagement.points.ledger import repository
from loyalty_project import clock
from loyalty_project.db.errors import constraint_name
from organizations.audit.actors import command_actor
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.catalog import CurrentCampaign
from referrals.links import events
from referrals.links import services as links
from referrals.links.models import RefereeEvent, ReferralLink
from referrals.referral_codes.models import ReferralCode
from referrals.referral_codes.services import ensure_codes
from referrals.rewards import giving, services
from referrals.rewards.models import Reward
from tests.factories.referrals import Friends, open_campaign, open_friends
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 8

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def friends(transactional_db: None) -> Friends:
    return open_friends()


def opened(friends: Friends, **terms: object) -> CurrentCampaign:
    with organization_scope(friends.organization):
        return open_campaign(friends.organization, allow_existing_customers=True, **terms)


def at_once(friends: Friends, work: Callable[[int], str], *, workers: int = WORKERS) -> Counter[str]:
    """How often each result came; of a broken constraint its name."""

    def worker(number: int) -> str:
        with organization_scope(friends.organization):
            try:
                return work(number)
            except IntegrityError as error:
                return constraint_name(error) or "?"
            except OperationalError:
                return "busy"

    return Counter(race([[number] for number in range(workers)], worker))


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, locks, services, repository)


@contextmanager
def without(table: str, name: str, columns: str, where: str = "") -> Iterator[None]:
    """Without a unique constraint or index."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        cursor.execute(f"DROP INDEX IF EXISTS {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            kind = f"CREATE UNIQUE INDEX {name} ON {table} ({columns}) WHERE {where}" if where else (
                f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE ({columns})"
            )  # fmt: skip
            cursor.execute(kind)


# --- what is due


def promise(friends: Friends) -> None:
    """A reward of Asha that is due."""
    current = opened(friends, waiting_days=1)
    with organization_scope(friends.organization):
        friends.refer(current)
        Reward.objects.update(due_at=timezone.now())


def give_due(friends: Friends) -> str:
    by = command_actor("give_referral_rewards", friends.organization)
    return str(sum(services.give_due_rewards(by=by)))


def points(friends: Friends) -> int:
    with organization_scope(friends.organization):
        return friends.points()


def test_a_due_reward_is_given_once(friends: Friends) -> None:
    promise(friends)
    assert at_once(friends, lambda _: give_due(friends)) == {"1": 1, "0": WORKERS - 1}
    assert points(friends) == 100


def test_twin_without_locks_gives_once_by_the_constraint(friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    promise(friends)
    without_locks(monkeypatch)
    with all_read_before(giving, "award", workers=2):
        results = at_once(friends, lambda _: give_due(friends), workers=2)
    assert results["1"] == 1
    assert results.keys() - {"1"} <= {"points_entry_reference_unique", "points_entry_version_unique"}
    assert points(friends) == 100


def test_twin_without_the_constraint_gives_once_by_the_locks(friends: Friends) -> None:
    promise(friends)
    columns = "organization_id, account_id, kind, reference"
    with without("engagement_pointsentry", "points_entry_reference_unique", columns, "NOT reference = ''"):
        assert at_once(friends, lambda _: give_due(friends)) == {"1": 1, "0": WORKERS - 1}
        assert points(friends) == 100


# --- events and limits


def referees_of(friends: Friends, count: int, **terms: object) -> list[Customer]:
    current = opened(friends, reward_on=["TRANSACTION"], **terms)
    with organization_scope(friends.organization):
        return [friends.refer(current, f"981230000{number}").customer for number in range(count)]


def test_referees_who_buy_at_once_respect_the_limit(friends: Friends) -> None:
    referees = referees_of(friends, WORKERS, max_rewards=3)
    with organization_scope(friends.organization):
        results = at_once(friends, lambda number: _bill(friends, referees[number], number))
        assert results == {"billed": WORKERS}
        states = Counter(friends.states())
    assert (states, points(friends)) == ({"GIVEN": 3, "REFUSED": WORKERS - 3}, 300)


def test_twin_without_locks_keeps_the_limit_by_constraints(friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    referees = referees_of(friends, 2, max_rewards=1)
    without_locks(monkeypatch)
    with all_read_before(events, "insert_with_ids", workers=2):
        results = at_once(friends, lambda number: _bill(friends, referees[number], number), workers=2)
    # Both bills are kept; the points of the one that broke the constraint are left to a worker.
    assert results == {"billed": 2}
    assert points(friends) == 100
    with organization_scope(friends.organization):
        assert DeferredEvent.objects.count() == 1


def test_twin_without_the_constraint_keeps_the_limit_by_the_locks(friends: Friends) -> None:
    referees = referees_of(friends, WORKERS, max_rewards=3)
    columns = "organization_id, code_id, kind, nth"
    with without("referrals_refereeevent", "referee_event_nth_unique", columns):
        at_once(friends, lambda number: _bill(friends, referees[number], number))
        assert points(friends) == 300


def _bill(friends: Friends, referee: Customer, number: int) -> str:
    with transaction.atomic():
        friends.bill(referee, number=f"T-{number}")
    return "billed"


# --- codes


def code_work(friends: Friends, current: CurrentCampaign) -> Callable[[int], str]:
    def work(_number: int) -> str:
        with transaction.atomic():
            ensure_codes(
                [friends.asha.pk], campaign_id=current.campaign.pk, policy=friends.organization.policy, now=clock.now()
            )
        return ReferralCode.objects.get().code

    return work


def test_a_code_is_made_once(friends: Friends) -> None:
    current = opened(friends)
    (code,) = at_once(friends, code_work(friends, current))
    assert len(code) == 10


def test_twin_without_locks_makes_one_code_by_the_constraint(friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    current = opened(friends)
    without_locks(monkeypatch)
    assert len(at_once(friends, code_work(friends, current))) == 1


def test_twin_without_the_constraint_makes_one_code_by_the_lock(friends: Friends) -> None:
    current = opened(friends)
    columns = "organization_id, customer_id, campaign_id"
    with without("referrals_referralcode", "referral_code_of_customer_unique", columns):
        assert len(at_once(friends, code_work(friends, current))) == 1


# --- links


def circle(friends: Friends, current: CurrentCampaign) -> Callable[[int], str]:
    """Asha and Ravi refer each other at once."""
    with organization_scope(friends.organization):
        ravi = friends.register(mobile="9812300001").customer
        codes = [friends.code(current, ravi), friends.code(current)]
    mobiles = ["9812345678", "9812300001"]

    def work(number: int) -> str:
        registration = friends.register(mobile=mobiles[number], referral_code=codes[number])
        return ",".join(str(int(notice.code)) for notice in registration.notices)

    return work


def links_made(friends: Friends) -> int:
    with organization_scope(friends.organization):
        return ReferralLink.objects.count()


def test_two_who_refer_each_other_make_no_circle(friends: Friends) -> None:
    work = circle(friends, opened(friends))
    assert at_once(friends, work, workers=2) == {"": 1, "1009": 1}
    assert links_made(friends) == 1


def test_twin_without_locks_makes_no_circle_by_the_trigger(friends: Friends, monkeypatch: pytest.MonkeyPatch) -> None:
    work = circle(friends, opened(friends))
    without_locks(monkeypatch)
    with all_read_before(links, "insert_with_ids", workers=2):
        assert at_once(friends, work, workers=2) == {"": 1, "referral_without_circle": 1}
    assert links_made(friends) == 1


def test_twin_without_the_trigger_makes_no_circle_by_the_locks(friends: Friends) -> None:
    work = circle(friends, opened(friends))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE referrals_referrallink DISABLE TRIGGER referral_without_circle")
    try:
        assert at_once(friends, work, workers=2) == {"": 1, "1009": 1}
        assert links_made(friends) == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE referrals_referrallink ENABLE TRIGGER referral_without_circle")


def test_a_registration_is_rewarded_once(friends: Friends) -> None:
    current = opened(friends)
    with organization_scope(friends.organization):
        code = friends.code(current)

    def work(_number: int) -> str:
        friends.register(mobile="9812300001", referral_code=code)
        return "registered"

    assert at_once(friends, work) == {"registered": WORKERS}
    with organization_scope(friends.organization):
        assert (friends.points(), RefereeEvent.objects.count()) == (100, 1)
