"""Points that expire soon, listed on the command line."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers.profile.models import Customer
from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount, PointsLot
from engagement.programs.models import Membership, Tier
from organizations.tenancy.models import Organization
from tests.factories.bills import NOON, account_of, member
from tests.factories.points import facts, give_points
from tests.factories.program_files import club, load

pytestmark = pytest.mark.django_db
ON = "2026-12-31"
FAR = date(2027, 1, 30)


def listed(on: str = ON, code: str = "northwind") -> list[str]:
    out = StringIO()
    call_command("list_expiring", "--organization", code, "--on", on, stdout=out)
    header, *rows = out.getvalue().splitlines()
    assert header == "id,program,points,expires_on"
    return rows


@pytest.fixture(autouse=True)
def notices(northwind: Organization) -> None:
    """A club that gives notice 30 and 7 days ahead."""
    load(club(expiry_notice_days=[30, 7]))


def test_points_of_the_days_of_notice_are_listed(northwind: Organization, asha: Customer) -> None:
    account, other = account_of(asha), account_of(member(northwind))
    for owner, points, day in (
        (account, 10, FAR), (account, 5, FAR), (account, 3, date(2027, 1, 7)), (account, 2, FAR - timedelta(days=1)),
        (other, "7.5", FAR),
    ):  # fmt: skip
        give_points(owner, points, expiry=Expiry(day))
    give_points(other, 9)
    assert listed() == [
        f"{asha.pk},Club,3,2027-01-07",
        f"{asha.pk},Club,15,2027-01-30",
        f"{other.customer_id},Club,7.5,2027-01-30",
    ]
    assert listed("2026-11-20") == []


def test_promised_points_are_not_listed(asha: Customer) -> None:
    give_points(account_of(asha), 10, expiry=Expiry(FAR), opens_at=datetime(2027, 1, 10, tzinfo=UTC))
    assert listed() == []


@pytest.mark.parametrize("moves", [PointsLot.Moves.LAST_ACTIVITY, PointsLot.Moves.ROLLING, PointsLot.Moves.MEMBERSHIP])
def test_moving_days_are_listed_too(asha: Customer, moves: PointsLot.Moves) -> None:
    Membership.objects.update(tier=Tier.objects.get(name="Silver"), tier_since=NOON, tier_expires_on=FAR)
    day = date(2026, 12, 30)
    PointsAccount.objects.update(last_active_on=day, last_earned_on=day)
    give_points(account_of(asha), 10, expiry=Expiry(moves=moves, months=1), facts=facts(NOON))
    assert listed() == [f"{asha.pk},Club,10,2027-01-30"]


def test_without_days_of_notice_nothing_is_listed(asha: Customer) -> None:
    load(club())
    give_points(account_of(asha), 10, expiry=Expiry(FAR))
    assert listed() == []


def test_wrong_options_are_reported() -> None:
    with pytest.raises(CommandError, match="soon is no date"):
        listed("soon")
    with pytest.raises(CommandError, match="There is no organization nobody"):
        listed(code="nobody")
