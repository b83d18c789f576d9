"""Rewards: made with the event, held by the guard, promised until they are due, limited, given once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.bills.models import Bill
from engagement.coupons.models import Coupon, CouponSeries
from engagement.points.models import PointsEntry
from engagement.programs.models import Program
from loyalty_project import clock
from loyalty_project.db.trusted_time import forget_database_time
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from referrals.links.models import RefereeEvent
from referrals.rewards.models import Reward
from referrals.rewards.services import give_due_rewards
from tests.factories.bills import bring_back, buy, effects_of
from tests.factories.coupons import open_series, use
from tests.factories.locations import till_actor
from tests.factories.referrals import Friends, open_campaign
from use_cases.registration import Registration

pytestmark = pytest.mark.django_db
State = Reward.State
ON_BILL = {"reward_on": ["TRANSACTION"]}
STATEMENTS = 37


def give_due(friends: Friends) -> int:
    forget_database_time()
    return sum(give_due_rewards(by=command_actor("give_referral_rewards", friends.organization)))


def codes(registration: Registration) -> list[int]:
    return [int(notice.code) for notice in registration.notices]


# --- registration


def test_the_referrer_gets_points_when_the_referee_registers(friends: Friends) -> None:
    registration = friends.refer(open_campaign(friends.organization), firstname="Ravi")
    assert (friends.points(), friends.points(registration.customer)) == (100, 0)
    assert [(entry.reference, entry.explanation["because"]) for entry in PointsEntry.objects.filter(points=100)] == [
        (f"referral:{Reward.objects.get().pk}", "referral")
    ]
    assert friends.states() == [State.GIVEN]
    assert codes(registration) == []


def test_the_referee_gets_a_reward_too(friends: Friends) -> None:
    open_series(friends.organization)
    current = open_campaign(friends.organization, referee_reward={"points": 30, "coupon_series": "TENTH"})
    referee = friends.refer(current).customer
    assert (friends.points(), friends.points(referee)) == (100, 30)
    assert Coupon.objects.get().customer == referee


def test_a_referral_is_rewarded_once_however_often_the_code_is_sent(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    friends.refer(current)
    again = friends.refer(current)
    assert (codes(again), friends.points(), RefereeEvent.objects.count()) == ([], 100, 1)


def test_a_conversion_is_the_registration_of_a_referee(friends: Friends) -> None:
    current = open_campaign(friends.organization)
    friends.refer(current, type="NON_LOYALTY")
    assert (friends.points(), friends.states()) == (0, [])
    friends.register(mobile="9812300001", type="LOYALTY")
    assert (friends.points(), friends.states()) == (100, [State.GIVEN])


def test_rewards_are_for_events_of_the_campaign_alone(friends: Friends) -> None:
    current = open_campaign(friends.organization, **ON_BILL)
    referee = friends.refer(current).customer
    assert (RefereeEvent.objects.get().kind, friends.states()) == ("REGISTRATION", [])
    buy(referee, friends.till)
    assert friends.points() == 100


def test_a_reward_is_audited(friends: Friends) -> None:
    friends.refer(open_campaign(friends.organization))
    entry = AuditEntry.objects.get(object_type="reward")
    assert (entry.action, entry.new) == ("given", {"customer": friends.asha.pk, "state": "given"})


# One more draws the ids of a referrer's further rewards: an account has those of the first.
@pytest.mark.parametrize(("count", "statements"), [(1, STATEMENTS), (3, STATEMENTS + 1), (4, STATEMENTS + 1)])
def test_the_statements_do_not_grow_with_the_batch(friends: Friends, count: int, statements: int) -> None:
    current = open_campaign(friends.organization)
    friends.refer(current, "9812399999")
    code = friends.code(current)
    with CaptureQueriesContext(connection) as captured:
        friends.register_all([{"mobile": f"981230000{n}", "referral_code": code} for n in range(count)])
    assert len(captured) == statements
    assert friends.points() == 100 + 100 * count


# --- limits


def test_every_nth_referee_is_rewarded(friends: Friends) -> None:
    current = open_campaign(friends.organization, reward_every=2)
    for number in range(4):
        friends.refer(current, f"981230000{number}")
    assert (friends.points(), list(Reward.objects.order_by("pk").values_list("event__nth", flat=True))) == (200, [2, 4])


def test_the_limit_refuses_the_referrers_reward_with_1097(friends: Friends) -> None:
    current = open_campaign(friends.organization, max_rewards=1, referee_reward={"points": 10})
    assert codes(friends.refer(current)) == []
    second = friends.refer(current, "9812300002")
    assert (codes(second), friends.points(), friends.points(second.customer)) == ([1097], 100, 10)
    assert friends.states() == [State.GIVEN, State.REFUSED]
    assert Reward.objects.get(state=State.REFUSED).problem == "the campaign's limit of rewards is reached"


def test_the_limit_counts_what_a_merge_brought(friends: Friends) -> None:
    current = open_campaign(friends.organization, max_rewards=2)
    friends.refer(current)
    other = friends.register(mobile="9812399999").customer
    friends.register(mobile="9812300002", referral_code=friends.code(current, other))
    friends.merge(other)
    assert codes(friends.refer(current, "9812300003")) == [1097]
    assert friends.points() == 200


# --- first bills


def test_the_first_bill_is_rewarded_once(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization, **ON_BILL)).customer
    first = buy(referee, friends.till)
    buy(referee, friends.till)
    assert friends.points() == 100
    assert RefereeEvent.objects.get(kind="TRANSACTION").bill == first


def test_a_small_first_bill_is_not_rewarded(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization, min_amount=30, **ON_BILL)).customer
    buy(referee, friends.till, amount="29.99")
    buy(referee, friends.till, amount=100)
    assert (friends.points(), friends.states()) == (0, [])


def test_a_first_bill_after_the_campaign_is_not_rewarded(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization, ends="2026-12-31", **ON_BILL)).customer
    with time_machine.travel(datetime(2027, 1, 2, 6, tzinfo=UTC)):
        buy(referee, friends.till, when="2027-01-01 00:00:00")
    assert friends.points() == 0


def test_the_bill_of_a_customer_outside_the_program_is_not_rewarded(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization, **ON_BILL), type="NON_LOYALTY").customer
    buy(referee, friends.till)
    assert RefereeEvent.objects.count() == 0


def test_a_bill_prints_the_effect_of_the_referrer(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization, **ON_BILL)).customer
    (own, effect) = effects_of(friends.bill(referee))
    assert own["customer_id"] == str(referee.pk)
    assert effect == {"awarded_points": 100, "customer_id": str(friends.asha.pk), "type": "points", "is_referrer": "true"}


# --- waiting


def test_a_reward_waits_and_is_given_when_its_days_are_over(friends: Friends) -> None:
    with time_machine.travel(datetime(2026, 6, 1, 6, tzinfo=UTC), tick=False):
        friends.refer(open_campaign(friends.organization, waiting_days=14))
        assert (friends.points(), friends.states(), give_due(friends)) == (0, [State.PROMISED], 0)
    with time_machine.travel(datetime(2026, 6, 15, 6, tzinfo=UTC), tick=False):
        assert (give_due(friends), give_due(friends)) == (1, 0)
    assert (friends.points(), friends.states()) == (100, [State.GIVEN])


def test_a_reward_that_waits_is_held_if_the_sides_are_merged(friends: Friends) -> None:
    referee = friends.refer(open_campaign(friends.organization, waiting_days=1)).customer
    friends.merge(referee)
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert give_due(friends) == 0
    assert (friends.points(), Reward.objects.get().evidence) == (0, ["MERGED"])
    assert friends.states() == [State.HELD]


def test_the_survivor_of_a_merge_gets_what_was_promised(friends: Friends) -> None:
    friends.refer(open_campaign(friends.organization, waiting_days=1))
    survivor = friends.register(mobile="9812399999").customer
    friends.merge(friends.asha, into=survivor)
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert give_due(friends) == 1
    assert friends.points(survivor) == 100


# --- what cannot be given


def test_a_paused_program_gives_no_points(friends: Friends) -> None:
    Program.objects.update(is_paused=True)
    friends.refer(open_campaign(friends.organization))
    assert Reward.objects.get().problem == "points: the program is paused"
    assert friends.states() == [State.REFUSED]


def test_a_series_that_is_off_gives_no_coupon(friends: Friends) -> None:
    open_series(friends.organization)
    CouponSeries.objects.update(is_active=False)
    current = open_campaign(friends.organization, referrer_reward={"points": 100, "coupon_series": "TENTH"})
    friends.refer(current)
    reward = Reward.objects.get()
    assert (reward.state, reward.problem, friends.points()) == (State.GIVEN, "coupon: Coupon series has expired", 100)


def test_an_unknown_series_and_an_exhausted_one_are_refused(friends: Friends) -> None:
    open_series(friends.organization, "FEW", max_coupons=1)
    for number, series in enumerate(("FEW", "FEW", "NONE")):
        current = open_campaign(friends.organization, f"C{number}", default=False, referrer_reward={"coupon_series": series})
        friends.refer(current, f"981230000{number}")
    assert friends.states() == [State.GIVEN, State.REFUSED, State.REFUSED]
    assert list(Reward.objects.order_by("pk").values_list("problem", flat=True)) == [
        "", "coupon: Coupon series has expired", "coupon: there is no series NONE",
    ]  # fmt: skip


def test_a_customer_who_may_get_no_coupons_gets_none(friends: Friends) -> None:
    open_series(friends.organization)
    current = open_campaign(friends.organization, waiting_days=1, referrer_reward={"coupon_series": "TENTH"})
    friends.refer(current)
    Customer.objects.filter(pk=friends.asha.pk).update(fraud_status="CONFIRMED")
    with time_machine.travel(clock.now() + timedelta(days=2)):
        assert give_due(friends) == 0
    assert Reward.objects.get().problem == "coupon: Customer is marked as fraud"


# --- bills that come back


def sold(friends: Friends, **terms: object) -> Bill:
    open_series(friends.organization)
    both = {"points": 100, "coupon_series": "TENTH"}
    current = open_campaign(
        friends.organization, **{"referrer_reward": both, "referee_reward": {"points": 10}, **ON_BILL, **terms}
    )
    return buy(friends.refer(current).customer, friends.till)


def test_a_returned_first_bill_takes_both_rewards_back(friends: Friends) -> None:
    sale = sold(friends, take_back_on_return=True)
    assert friends.points() == 100
    bring_back(sale, "2026-01-06 12:00:00", 100)
    assert friends.points() == 0
    assert (friends.states(), friends.states("REFEREE")) == ([State.TAKEN_BACK], [State.TAKEN_BACK])
    coupon = Coupon.objects.get()
    assert coupon.valid_till < clock.now()
    account = friends.asha.points_accounts.get()
    assert (account.lifetime, account.returned) == (100, 100)


def test_what_was_spent_is_not_taken_back(friends: Friends) -> None:
    sale = sold(friends, take_back_on_return=True)
    use(Coupon.objects.get(), till_actor(friends.till))
    friends.spend(60)
    bring_back(sale, "2026-01-06 12:00:00", 100)
    assert friends.points() == 0
    problem = Reward.objects.get(role="REFERRER").problem
    assert "60 points had been spent or had expired; the coupon had been redeemed" in problem


def test_a_campaign_may_leave_rewards_when_the_bill_comes_back(friends: Friends) -> None:
    sale = sold(friends)
    bring_back(sale, "2026-01-06 12:00:00", 100)
    assert (friends.points(), friends.states()) == (100, [State.GIVEN])


def test_a_return_cancels_what_is_promised(friends: Friends) -> None:
    with time_machine.travel(datetime(2026, 1, 5, 8, tzinfo=UTC), tick=False):
        sale = sold(friends, waiting_days=14)
        bring_back(sale, "2026-01-05 12:30:00", 100)
    assert friends.states() == [State.CANCELLED]
    assert give_due(friends) == 0


def test_a_part_that_comes_back_counts_below_the_least_amount(friends: Friends) -> None:
    sale = sold(friends, take_back_on_return=True, min_amount=50)
    bring_back(sale, "2026-01-06 12:00:00", 50)
    assert friends.states() == [State.GIVEN]
    bring_back(sale, "2026-01-07 12:00:00", 1)
    assert friends.states() == [State.TAKEN_BACK]
