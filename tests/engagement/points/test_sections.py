"""What does customer/get print of points, programs and bills?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from psycopg.errors import LockNotAvailable

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.points import settlement
from engagement.points.expiry import Expiry
from engagement.programs.models import Membership, Program
from loyalty_project import clock
from loyalty_project.db.trusted_time import forget_database_time
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.bills import DAY, Shop, account_of, member, open_shop
from tests.factories.points import give_points
from tests.factories.program_files import club, loaded
from tests.reads import READ_STATEMENTS

pytestmark = pytest.mark.django_db
RULES: list[dict[str, Any]] = [
    {"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 30}},
    {"name": "late", "award": {"fixed": 3}, "kind": "promotional", "delay_days": 20},
    {"name": "now", "award": {"fixed": 2}, "kind": "promotional", "expiry": {"kind": "days", "value": 60}},
]
SOUTH: dict[str, Any] = {
    "name": "South",
    "description": "Of the south",
    "bound_to": {"zones": ["south"]},
    "points_to_currency": Decimal("0.5"),
    "earning": [{"name": "base", "award": {"fixed": 1}}],
}


@pytest.fixture
def northwind() -> Iterator[Organization]:
    tracker = {"name": "Spend", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 30}
    organization = loaded(club(earning=RULES, trackers=[tracker]), SOUTH)
    with organization_scope(organization):
        yield organization


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def asha(northwind: Organization, shop: Shop, now: datetime) -> Customer:
    """A member of both programs; one of her bills is so old that its points are over."""
    asha = member(northwind, "Club", "South")
    for number, days in (("1", 40), ("2", 2)):
        shop.record(shop.draft(number, 200, customer_id=asha.pk, billed_at=now - days * DAY), now=now - days * DAY)
    return asha


def item_of(shop: Shop, asha: Customer, query: str) -> dict[str, Any]:
    return Api(shop.till).get(f"id={asha.pk}&{query}").item


def day_of(moment: datetime, organization: Organization, days: int) -> str:
    return (moment.astimezone(organization.zone).date() + timedelta(days=days)).isoformat()


def test_the_figures_are_those_of_the_tills_program(northwind: Organization, shop: Shop, asha: Customer) -> None:
    item = item_of(shop, asha, "next_slab=true")
    assert (item["lifetime_points"], item["loyalty_points"], item["current_slab"], item["lifetime_purchases"]) == (
        2,
        2,
        "NONE",
        400,
    )
    assert (item["next_slab"], item["next_slab_serial_number"], item["next_slab_description"]) == ("", "-1", "")
    away = open_shop(northwind, "web", "web.till1")
    item = item_of(away, asha, "next_slab=true")
    # 2 x 10, 3 and 2 x 2, of which ten are over.
    assert (item["lifetime_points"], item["loyalty_points"]) == (27, 17)
    assert (item["next_slab"], item["next_slab_serial_number"]) == ("Bronze", "1")


def test_bills_are_listed_unless_they_are_not_wanted(shop: Shop, asha: Customer) -> None:
    rows = item_of(shop, asha, "")["transactions"]["transaction"]
    assert [(row["number"], row["type"], row["store"]) for row in rows] == [
        ("2", "REGULAR", "Bengaluru"),
        ("1", "REGULAR", "Bengaluru"),
    ]
    assert item_of(shop, asha, "transactions=false")["transactions"] == {"transaction": []}
    assert [row["number"] for row in item_of(shop, asha, "number=1")["transactions"]["transaction"]] == ["1"]


def test_programs_are_printed_one_by_one_and_summed(northwind: Organization, shop: Shop, asha: Customer) -> None:
    rows = item_of(shop, asha, "mlp=true")["points_summaries"]["points_summary"]
    assert [(row["program_title"], row["loyaltyPoints"], row["expired"], row["delayed_points"]) for row in rows] == [
        ("Club", "17", "10", "3"),
        ("South", "2", "0", "0"),
    ]
    assert rows[1]["program_points_to_currency_ratio"] == "0.5"
    assert (rows[0]["cumulativePurchases"], rows[0]["totalPoints"]) == ("400", "")
    assert item_of(shop, asha, "points_summary=1")["points_summary"] == {
        "expired": "10", "redeemed": "0", "adjusted": "0", "returned": "0",
    }  # fmt: skip
    south = Program.objects.get(name="South")
    only = item_of(shop, asha, f"mlp=true&program_summary=true&program_id={south.pk}")
    assert [row["programId"] for row in only["points_summaries"]["points_summary"]] == [str(south.pk)]
    assert only["programs_list"]["program"] == [
        {
            "programId": str(south.pk),
            "programName": "South",
            "programDescription": "Of the south",
            "isDefault": "false",
            "pointsToCurrencyRatio": "0.5",
            "PartnerPrograms": {"PartnerProgram": []},
        }
    ]


def test_what_expires_what_expired_and_what_is_promised(
    northwind: Organization, shop: Shop, asha: Customer, now: datetime
) -> None:
    item = item_of(shop, asha, "expiry_schedule=true&expired_points=true&delayed_accrual=true&promotion_points=true")
    club_id = str(Program.objects.get(name="Club").pk)
    assert item["expiry_schedule"]["schedule"] == [
        {"points": points, "expiry_date": day_of(now, northwind, days), "program_id": club_id}
        for points, days in (("2", 20), ("10", 28), ("2", 58))
    ]
    assert item["expired_points"]["item"] == [
        {"points": "10", "expired_on": day_of(now, northwind, -10), "program_id": club_id}
    ]
    promised = item["delayed_accrual"]
    assert (promised["promised_points"], promised["trigger_based"]) == ("3", [])
    assert promised["schedule"] == [
        {
            "points": "3",
            "redeemable_from": f"{day_of(now, northwind, 19)} 00:00:00",
            "program_id": club_id,
            "points_type": "promotional",
        }
    ]
    promotions = item["promotion_points"]
    assert (promotions["customer"], promotions["lineitems"]) == ({"item": []}, {"item": []})
    rows = promotions["transactions"]["item"]
    assert (
        sorted((row["points"], row["issued_at"]["code"]) for row in rows) == [("2", "blr.till1")] * 2 + [("3", "blr.till1")] * 2
    )


def test_awards_of_lines_are_shown_line_by_line(northwind: Organization) -> None:
    drinks = {"items": {"include": ["TEA", "CUP"]}}
    loaded(club(earning=[RULES[0], {"name": "tea", "award": {"per": 10, "points": 1}, "kind": "promotional", "when": drinks}]))
    shop, now = open_shop(northwind, till="blr.till2"), clock.now()
    boris = member(northwind)
    lines = [LineDraft(item_code=code, amount=Decimal(amount)) for code, amount in (("TEA", 60), ("HAT", 80), ("CUP", 40))]
    sale = shop.record(shop.draft("3", 180, customer_id=boris.pk, billed_at=now, lines=lines), now=now).recorded.bill
    tea_line, _, cup_line = sale.lines.order_by("position")
    api = Api(shop.till)
    api.get(f"id={boris.pk}&promotion_points=true")
    with CaptureQueriesContext(connection) as statements:
        promotions = api.get(f"id={boris.pk}&promotion_points=true").item["promotion_points"]
    assert len(statements) == READ_STATEMENTS
    shown = {"transaction_id": str(sale.pk), "expiry_date": "", "issued_on": day_of(now, northwind, 0)}
    till = {"code": "blr.till2", "name": shop.till.name}
    assert promotions == {
        "customer": {"item": []},
        "transactions": {"item": []},
        "lineitems": {
            "item": [
                {"lineitem_id": str(tea_line.pk), **shown, "points": "6", "issued_at": till},
                {"lineitem_id": str(cup_line.pk), **shown, "points": "4", "issued_at": till},
            ]
        },
    }


def test_points_of_a_program_without_a_membership_are_not_shown(shop: Shop, asha: Customer) -> None:
    query = "expired_points=true&promotion_points=true&points_summary=true"
    assert item_of(shop, asha, query)["expired_points"]["item"] != []
    Membership.objects.filter(customer=asha, program__name="Club").delete()
    item = item_of(shop, asha, query)
    assert (item["expired_points"]["item"], item["promotion_points"]["transactions"]["item"]) == ([], [])
    assert item["points_summary"]["expired"] == "0"


def test_what_expired_at_one_moment_begins_with_the_newest_account(northwind: Organization, shop: Shop, now: datetime) -> None:
    boris, until = member(northwind, "Club", "South"), now.date() - 10 * DAY
    for program, points in (("Club", 1), ("South", 2)):
        give_points(account_of(boris, program), points, expiry=Expiry(on=until))
    for _ in range(2):
        item = item_of(shop, boris, "expired_points=true")
        assert [row["points"] for row in item["expired_points"]["item"]] == ["2", "1"]


def test_points_that_expire_in_memory_are_those_of_active_programs(
    shop: Shop, asha: Customer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_it_locked(*_: object) -> None:
        raise OperationalError from LockNotAvailable()

    monkeypatch.setattr(settlement, "_settle", find_it_locked)
    with time_machine.travel(now + 40 * DAY):
        forget_database_time()  # it travels too
        rows = item_of(shop, asha, "expired_points=true")["expired_points"]["item"]
        assert [row["points"] for row in rows] == ["10", "2", "10"]
        Program.objects.filter(name="Club").update(is_active=False)
        assert item_of(shop, asha, "expired_points=true")["expired_points"]["item"] == []


def test_trackers_are_printed_on_request(shop: Shop, asha: Customer) -> None:
    (row,) = item_of(shop, asha, "tracker_info=true")["trackers"]["tracker"]
    assert (row["name"], row["value"]) == ("Spend", "200")


def test_basic_has_no_points_and_the_program_must_be_joined(northwind: Organization, shop: Shop, asha: Customer) -> None:
    assert item_of(shop, asha, "basic=true")["loyalty_points"] == 0
    boris = member(northwind)
    south = Program.objects.get(name="South")
    assert Api(shop.till).get(f"id={boris.pk}&program_id={south.pk}").code == "1020"
    for too_large in ("9" * 18, str(2**63), "9" * 30):
        assert Api(shop.till).get(f"id={boris.pk}&program_id={too_large}&expired_points=1&promotion_points=1").code == "1020"
    assert Api(shop.till).get(f"id={boris.pk}&program_id=0").code == "1000"
    assert Api(shop.till).get(f"id={boris.pk}&program_id=club").code == "400"


@pytest.mark.parametrize(
    ("table", "column", "code"),
    [
        ("engagement_pointslot", "left", "91001"),
        ("engagement_purchasetotals", "amount", "91001"),
        ("engagement_billpoints", "account_id", "1099"),
        # Of several parts: the warning is given once.
        ("engagement_pointsaccount", "last_earned_on", "91001"),
    ],
)
def test_what_cannot_be_read_is_a_warning(shop: Shop, asha: Customer, table: str, column: str, code: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f'ALTER TABLE {table} RENAME COLUMN "{column}" TO gone')
    answer = Api(shop.till).get(f"id={asha.pk}&tracker_info=true&expiry_schedule=true&promotion_points=true")
    assert (answer.code, answer.warnings) == ("1000", [code])


@pytest.mark.parametrize("count", [1, 3])
def test_all_blocks_take_the_same_statements_for_any_number(
    northwind: Organization, shop: Shop, now: datetime, count: int
) -> None:
    people = [member(northwind, "Club", "South") for _ in range(count)]
    shop.record_all([shop.draft(str(customer.pk), 200, customer_id=customer.pk, billed_at=now) for customer in people], now=now)
    api = Api(shop.till)
    asked = "&".join(
        f"{flag}=true"
        for flag in (
            "mlp", "points_summary", "expiry_schedule", "expired_points", "delayed_accrual", "promotion_points",
            "program_summary", "tracker_info", "slab_history", "tier_upgrade_criteria", "membership_retention_criteria",
        )
    )  # fmt: skip
    asked += "&gap_to_upgrade_for=0&gap_to_renew_for=0"
    query = f"id={','.join(str(customer.pk) for customer in people)}"
    counts = []
    for more in ("", f"&{asked}"):
        api.get(query + more)
        with CaptureQueriesContext(connection) as queries:
            assert set(api.get(query + more).codes) == {"1000"}
        counts.append(len(queries))
    assert counts == [READ_STATEMENTS, READ_STATEMENTS]


def test_gaps_keep_their_shape_in_every_summary(shop: Shop, asha: Customer) -> None:
    for row in item_of(shop, asha, "mlp=true")["points_summaries"]["points_summary"]:
        assert (row["gap_to_upgrade"], row["gap_to_renew"]) == ({"upgrade_strategy": []}, {})


@pytest.mark.parametrize(("flag", "expected"), [(0, 401), (1, 400.5)])
def test_purchases_are_whole_unless_the_policy_is_exact(
    northwind: Organization, shop: Shop, asha: Customer, now: datetime, flag: int, expected: float
) -> None:
    northwind.flags = {"V1_EXACT_LIFETIME_PURCHASES": flag}
    northwind.save()
    shop.record(shop.draft("3", Decimal("0.5"), customer_id=asha.pk, billed_at=now), now=now)
    item = item_of(shop, asha, "mlp=true")
    assert item["lifetime_purchases"] == expected
    assert {row["cumulativePurchases"] for row in item["points_summaries"]["points_summary"]} == {"400.5"}
    updated = Api(shop.till).update(id=str(asha.pk), firstname="Ann").item
    assert updated["lifetime_purchases"] == expected
