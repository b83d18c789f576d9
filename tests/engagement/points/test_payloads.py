"""How is a membership printed? Nothing here touches the database."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engagement.points.balances import Balance
from engagement.points.ledger.posting import AccountState
from engagement.points.models import PointsAccount
from engagement.points.payloads import next_tier, points_summary, tier_expiry
from engagement.programs.models import Membership, Tier

KOLKATA = ZoneInfo("Asia/Kolkata")
# The next morning in Kolkata.
REGISTERED = datetime(2026, 2, 28, 20, 0, tzinfo=UTC)
BRONZE = Tier(pk=1, name="Bronze", position=1, description="Everybody")
SILVER = Tier(pk=2, name="Silver", position=2, description="Regulars")
GOLD = Tier(pk=3, name="Gold", position=3)
TIERS = [BRONZE, SILVER, GOLD]


def summary(tier: Tier | None, *, ends: date | None = None, tiers: Sequence[Tier] = TIERS, **totals: Decimal) -> dict[str, str]:
    membership = Membership(program_id=12, tier=tier, tier_expires_on=ends)
    account = AccountState(account=PointsAccount(organization_id=1, **totals), zone=KOLKATA)
    balance = Balance(membership=membership, state=account)
    return points_summary(balance, tiers=tiers, registered_on=REGISTERED, zone=KOLKATA)


def test_a_row_has_every_key_in_its_order_and_is_all_text() -> None:
    names = ("balance", "lifetime", "redeemed", "expired", "returned", "adjusted", "purchases")
    figures = map(Decimal, ("40.500", "100.000", "30", "20.000", "5", "-4.5", "1250.00"))
    row = summary(BRONZE, **dict(zip(names, figures, strict=True)))
    assert list(row.items()) == [
        ("programId", "12"),
        ("redeemed", "30"),
        ("expired", "20"),
        ("returned", "5"),
        ("adjusted", "-4.5"),
        ("lifetimePoints", "100"),
        ("loyaltyPoints", "40.5"),
        ("cumulativePurchases", "1250"),
        ("currentSlab", "Bronze"),
        ("nextSlab", "Silver"),
        ("nextSlabSerialNumber", "2"),
        ("nextSlabDescription", "Regulars"),
        ("slabSNo", "1"),
        ("slabExpiryDate", "2126-03-01 23:59:59"),
        ("totalPoints", ""),
    ]


def test_on_top_there_is_no_next_tier() -> None:
    row = summary(GOLD)
    assert (row["currentSlab"], row["slabSNo"]) == ("Gold", "3")
    assert (row["nextSlab"], row["nextSlabSerialNumber"], row["nextSlabDescription"]) == ("", "-1", "")


def test_a_program_without_tiers_shows_none() -> None:
    row = summary(None, tiers=[])
    assert (row["currentSlab"], row["slabSNo"], row["slabExpiryDate"]) == ("NONE", "-1", "")
    assert (row["nextSlab"], row["nextSlabSerialNumber"], row["nextSlabDescription"]) == ("", "-1", "")


def test_a_tier_that_ends_shows_its_last_second() -> None:
    assert summary(SILVER, ends=date(2027, 1, 31))["slabExpiryDate"] == "2027-01-31 23:59:59"


def test_a_balance_below_zero_shows_as_none() -> None:
    assert summary(BRONZE, balance=Decimal("-7.5"))["loyaltyPoints"] == "0"


@pytest.mark.parametrize(("figure", "shown"), [("1E+9", "1000000000"), ("0.001", "0.001"), ("-0.000", "0")])
def test_figures_are_plain_digits(figure: str, shown: str) -> None:
    assert summary(BRONZE, lifetime=Decimal(figure))["lifetimePoints"] == shown


def test_the_next_tier_is_the_lowest_above() -> None:
    assert next_tier(None, TIERS) is BRONZE
    assert next_tier(BRONZE, TIERS) is SILVER
    assert next_tier(BRONZE, [BRONZE, GOLD]) is GOLD
    assert next_tier(GOLD, TIERS) is None
    assert next_tier(None, []) is None


def test_without_a_tier_nothing_ends() -> None:
    assert tier_expiry(None, registered_on=REGISTERED, zone=KOLKATA) is None
    assert tier_expiry(Membership(), registered_on=REGISTERED, zone=KOLKATA) is None
    never = Membership(tier=BRONZE)
    assert tier_expiry(never, registered_on=datetime(2000, 2, 29, 12, tzinfo=UTC), zone=KOLKATA) == "2100-02-28 23:59:59"
