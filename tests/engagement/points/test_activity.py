"""What keeps points alive that expire after the last activity."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from customers.profile.models import Customer
from engagement.points_import.posting import post_history
from engagement.points_import.rows import Kind, PointsRow
from engagement.programs.catalog import load_catalog
from engagement.redemptions.redeeming import redeem_points
from engagement.redemptions.requests import RedemptionRequest
from loyalty_project import clock
from tests.factories.bills import DAY, NOON, Shop, account_of, codes
from tests.factories.locations import till_actor
from tests.factories.points import give_points
from tests.factories.program_files import club, load

pytestmark = pytest.mark.django_db
LATER = NOON + 20 * DAY


def alive_by(*activities: str, **rules: Any) -> None:
    expiry = {"kind": "last_activity", "value": 12}
    rule = {"name": "base", "award": {"fixed": 10}, "when": {"min_amount": 50}, "expiry": expiry}
    load(club(**{"earning": [rule], "precision": 0, "keeps_points_alive": list(activities), **rules}))


def last_activity(customer: Customer) -> date | None:
    return account_of(customer).last_active_on


@pytest.mark.parametrize(
    ("activities", "amount", "expected"),
    [
        (["bill"], 10, date(2026, 3, 22)),
        (["award"], 10, date(2026, 3, 2)),
        (["award"], 100, date(2026, 3, 22)),
        (["redemption"], 100, None),
        (["redemption", "bill"], 10, date(2026, 3, 22)),
    ],
)
def test_bills_and_their_awards_keep_alive(
    shop: Shop, asha: Customer, activities: list[str], amount: int, expected: date | None
) -> None:
    alive_by(*activities)
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    purchase = shop.record(shop.draft("2", amount, customer_id=asha.pk, billed_at=LATER), now=LATER)
    assert (codes(purchase), last_activity(asha)) == ([], expected)


@pytest.mark.parametrize(("activity", "moves"), [("redemption", True), ("award", False)])
def test_a_redemption_keeps_alive(shop: Shop, asha: Customer, activity: str, moves: bool) -> None:  # noqa: FBT001
    alive_by(activity)
    give_points(account_of(asha), 100)
    request = RedemptionRequest(references={"id": str(asha.pk)}, points="10")
    with transaction.atomic():
        redeem_points(request, by=till_actor(shop.till))
    today = clock.now().astimezone(shop.organization.zone).date()
    assert last_activity(asha) == (today if moves else None)


@pytest.mark.parametrize(
    ("activity", "kind", "moves"),
    [
        ("award", "AWARD", True),
        ("redemption", "REDEEM", True),
        ("award", "REDEEM", False),
        ("bill", "AWARD", False),
        ("award", "ADJUST", False),
    ],
)
def test_points_of_files_keep_alive(shop: Shop, asha: Customer, activity: str, kind: str, moves: bool) -> None:  # noqa: FBT001
    alive_by(activity)
    give_points(account_of(asha), 100)
    row = PointsRow(customer_id=asha.pk, program="", kind=Kind(kind), points=Decimal(5), occurred_at=NOON, reference="R1")
    with transaction.atomic():
        post_history([row], catalog=load_catalog(), by=till_actor(shop.till), now=LATER)
    assert last_activity(asha) == (date(2026, 3, 2) if moves else None)
