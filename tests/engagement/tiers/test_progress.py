"""What a member needs for the next tier. Pure."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.points.models import PointsAccount
from engagement.programs.catalog import CurrentProgram
from engagement.programs.models import Membership, Program, ProgramVersion, Tier
from engagement.tiers.progress import TierProgress, needed_since, tier_progress
from loyalty_project import clock
from tests.factories.customers import LONG_AGO

ZONE = ZoneInfo("Asia/Kolkata")
SPEND = {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000}
EARN = {"based_on": "LIFETIME_POINTS", "threshold": 50}
VISITS = {"based_on": "TRACKER_VALUE_BASED", "threshold": 3, "tracker": "visits"}
TRACKER = {"name": "visits", "type": "CUSTOMER_VISITS", "mode": "MOVING_WINDOW", "days": 30}


def program(upgrade: dict[str, Any] | None) -> CurrentProgram:
    high = {"name": "Gold", **({"upgrade": upgrade} if upgrade else {})}
    rules = {"trackers": [TRACKER], "tiers": [{"name": "Silver"}, high]}
    return CurrentProgram(program=Program(name="Club"), version=ProgramVersion(number=1, rules=rules), tiers=())


def member(tier: str = "Silver") -> Membership:
    return Membership(tier=Tier(name=tier), enrolled_on=LONG_AGO, tier_since=LONG_AGO)


def progress(upgrade: dict[str, Any] | None, tier: str = "Silver", **figures: Any) -> TierProgress | None:
    day = clock.now().date()
    account = PointsAccount(**{name: Decimal(value) for name, value in figures.items()})
    return tier_progress(member(tier), program(upgrade), account, (), zone=ZONE, day=day, currency="CAD")


@pytest.mark.parametrize(
    ("upgrade", "figures", "sentence"),
    [
        (SPEND, {"purchases": 660}, "340.00 CAD to Gold"),
        (EARN, {"lifetime": 20}, "30 points to Gold"),
        (VISITS, {}, "3 visits to Gold"),
        ({"conditions": [SPEND, EARN]}, {"purchases": 660}, "340.00 CAD and 50 points to Gold"),
        ({"conditions": [SPEND, EARN]}, {"purchases": 1000}, "50 points to Gold"),
        ({"conditions": [SPEND, EARN], "match": "any"}, {}, "1,000.00 CAD or 50 points to Gold"),
        ({"conditions": [SPEND, EARN, VISITS], "match": 2}, {}, "3 conditions to Gold, of which some are enough"),
        (SPEND, {"purchases": 1000}, "Gold with the next bill"),
    ],
)
def test_what_is_missing_is_a_sentence(upgrade: dict[str, Any], figures: dict[str, Any], sentence: str) -> None:
    ahead = progress(upgrade, **figures)
    assert ahead is not None
    assert ahead.sentence == sentence


def test_a_step_has_its_figures_and_how_far_it_is() -> None:
    ahead = progress(SPEND, purchases=660)
    assert ahead is not None
    (step,) = ahead.steps
    assert (step.text, step.percent) == ("660.00 of 1,000.00 CAD", 66)


def test_nothing_is_ahead_in_the_highest_tier_or_where_no_bill_leads() -> None:
    assert progress(SPEND, tier="Gold") is None
    assert progress(None) is None


def test_activities_are_read_for_trackers_alone() -> None:
    now = clock.now()
    assert needed_since(member(), program(SPEND), zone=ZONE, now=now) is None
    assert needed_since(member("Gold"), program(VISITS), zone=ZONE, now=now) is None
    since = needed_since(member(), program(VISITS), zone=ZONE, now=now)
    assert since is not None
    assert (now - since).days in {29, 30}
