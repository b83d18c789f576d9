"""What happens by itself, when, and in which order?"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.points.expiry import Expiry
from engagement.points.ledger.movements import award
from engagement.points.ledger.posting import AccountState, Kind, post
from engagement.points.ledger.settlement import SETTLED_BY, settle
from engagement.points.models import NO_FLOOR, PointsAccount, PointsLot
from tests.factories.points import facts

NOW = datetime(2027, 1, 1, tzinfo=UTC)
MARCH_1 = Expiry(on=date(2026, 3, 1))


def new_state(zone: str = "Asia/Kolkata", **account: Any) -> AccountState:
    return AccountState(account=PointsAccount(organization_id=1, **account), zone=ZoneInfo(zone))


def entries_of(state: AccountState) -> list[tuple[str, Decimal, Decimal, str]]:
    return [(entry.kind, entry.points, entry.promised, f"{entry.occurred_at:%m-%d %H:%M}") for entry in state.entries]


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 2, 5, tzinfo=UTC)),
        ("Asia/Kolkata", date(2026, 3, 8), datetime(2026, 3, 8, 18, 30, tzinfo=UTC)),
        ("America/Halifax", date(2006, 10, 28), datetime(2006, 10, 29, 3, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_points_are_good_to_the_last_moment_of_their_day(zone: str, day: date, moment: datetime) -> None:
    state = new_state(zone)
    award(state, Decimal(5), facts=facts(datetime(2006, 1, 1, tzinfo=UTC)), expiry=Expiry(on=day))
    settle(state, moment - timedelta(microseconds=1), recorded_at=NOW)
    assert state.account.balance == 5
    settle(state, moment, recorded_at=NOW)
    assert (state.account.balance, state.account.expired, state.lots) == (0, 5, [])
    entry = state.entries[-1]
    assert (entry.occurred_at, entry.recorded_at, entry.made_by) == (moment, NOW, SETTLED_BY)
    assert entry.explanation == {"because": "expiry", "last_day": day.isoformat()}


def test_everything_happens_in_the_order_of_its_moments() -> None:
    state = new_state()
    award(state, Decimal(1), facts=facts(), expiry=Expiry(on=date(2026, 3, 9)))
    award(state, Decimal(2), facts=facts(), opens_at=datetime(2026, 3, 5, tzinfo=UTC), expiry=Expiry(on=date(2026, 3, 5)))
    award(state, Decimal(3), facts=facts(), expiry=MARCH_1)
    award(state, Decimal(4), facts=facts(), expiry=MARCH_1)
    settle(state, NOW, recorded_at=NOW)
    assert entries_of(state)[4:] == [
        ("EXPIRE", -7, 0, "03-01 18:30"),
        ("RELEASE", 2, -2, "03-05 00:00"),
        ("EXPIRE", -2, 0, "03-05 18:30"),
        ("EXPIRE", -1, 0, "03-09 18:30"),
    ]
    assert state.next_due() is None


def test_points_that_were_over_before_they_opened_expire_in_that_moment() -> None:
    state = new_state()
    award(state, Decimal(2), facts=facts(bill_id=4), opens_at=datetime(2026, 3, 5, tzinfo=UTC), expiry=MARCH_1)
    settle(state, NOW, recorded_at=NOW)
    assert entries_of(state)[1:] == [("RELEASE", 2, -2, "03-05 00:00"), ("EXPIRE", -2, 0, "03-05 00:00")]
    assert state.entries[1].bill_id == 4
    assert state.entries[1].explanation == {"because": "release", "promised_on": "2020-01-01"}


def test_a_release_pays_what_is_owed() -> None:
    state = new_state(floor=NO_FLOOR)
    post(state, Kind.RETURN, points=Decimal(-3), facts=facts())
    award(state, Decimal(5), facts=facts(), opens_at=datetime(2026, 3, 5, tzinfo=UTC), expiry=MARCH_1)
    settle(state, datetime(2026, 3, 5, tzinfo=UTC), recorded_at=NOW)
    assert (state.account.balance, state.account.lifetime, state.account.expired, state.lots) == (0, 5, 2, [])


def test_each_activity_moves_the_last_day() -> None:
    state = new_state(last_active_on=date(2026, 1, 31), last_earned_on=date(2026, 1, 31))
    award(state, Decimal(1), facts=facts(), expiry=Expiry(moves=PointsLot.Moves.LAST_ACTIVITY, months=1))
    award(state, Decimal(2), facts=facts(), expiry=Expiry(moves=PointsLot.Moves.ROLLING, months=1))
    settle(state, datetime(2026, 2, 28, 12, tzinfo=UTC), recorded_at=NOW)
    state.account.last_active_on = date(2026, 2, 28)
    settle(state, NOW, recorded_at=NOW)
    assert entries_of(state)[2:] == [("EXPIRE", -2, 0, "02-28 18:30"), ("EXPIRE", -1, 0, "03-28 18:30")]
