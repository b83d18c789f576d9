"""What customer/get shows of tiers: history, criteria and gaps."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection

from customers.lookup.statement import find_customers
from customers.profile.models import Customer
from customers.profile.reading import Reading, chosen
from engagement.points.sections import points
from engagement.programs.models import Membership, Tier
from engagement.tiers.sections import history
from organizations.configuration import current_configuration
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.engagement.tiers.test_evaluation import GOLD, SILVER, tiers
from tests.factories.bills import DAY, NOON, Shop, member
from tests.factories.program_files import club, load
from tests.factories.programs import ProgramVersionFactory
from tests.reads import read_parts

pytestmark = pytest.mark.django_db
SECTIONS = (points, history)
RENEWAL = {"match": "any", "conditions": [{"based_on": "PURCHASE", "threshold": 500}, {"based_on": "VISITS", "threshold": 3}]}


@pytest.fixture(autouse=True)
def _ladder(northwind: Organization) -> None:
    tiers({**SILVER, "renew": RENEWAL}, GOLD)


def seen(customer: Customer, *, day: int = 1, **query: str) -> dict[str, Any]:
    return read_parts(SECTIONS, customer, query=query, now=NOON + day * DAY)[customer.pk]


def row_of(customer: Customer, *, day: int = 1, **query: str) -> dict[str, Any]:
    (row,) = seen(customer, day=day, mlp="true", **query)["points_summaries"]["points_summary"]
    return row  # type: ignore[no-any-return]


def warnings(customer: Customer, **query: str) -> list[int]:
    """The codes of the warnings of the customer's item."""
    reading = Reading(configuration=current_configuration(), query=query, now=NOON + DAY)
    find_customers("id", [str(customer.pk)], reading.policy, sections=chosen(SECTIONS, reading), reading=reading)
    return [int(notice.code) for notice in reading.warnings_of(customer.pk)]


@pytest.fixture
def silver(shop: Shop, asha: Customer) -> Customer:
    """In Silver since noon, with 300 spent a day later."""
    shop.record(shop.draft("lift", 1000, customer_id=asha.pk))
    shop.record(shop.draft("more", 300, customer_id=asha.pk, billed_at=NOON + DAY))
    return asha


@pytest.fixture
def gold(shop: Shop, asha: Customer) -> Customer:
    shop.record(shop.draft("lift", 5000, customer_id=asha.pk))
    return asha


def test_the_history_is_newest_first(gold: Customer) -> None:
    rows = seen(gold, slab_history="true")["slab_history"]["history"]
    program_id = str(Membership.objects.get().program_id)
    assert rows == [
        {
            "to": "Gold",
            "from": "Silver",
            "store": {"code": "blr", "name": "Bengaluru"},
            "type": "UPGRADE",
            "to_tier_expiry_date": "2027-03-02 23:59:59",
            "from_tier_expiry_date": "2027-03-02 23:59:59",
            "changed_on": "2026-03-02 12:00:00",
            "notes": "",
            "program_id": program_id,
        },
        {**rows[1], "to": "Silver", "from": "Bronze", "from_tier_expiry_date": rows[1]["from_tier_expiry_date"]},
    ]
    assert int(rows[1]["from_tier_expiry_date"][:4]) > 2100


def test_the_history_is_there_only_on_request(gold: Customer) -> None:
    assert "slab_history" not in seen(gold)
    assert "slab_history" not in seen(gold, slab_history="true", basic="true")


def test_a_change_without_a_store_shows_none(northwind: Organization, silver: Customer) -> None:
    late = 400
    with time_machine.travel(NOON + timedelta(days=late)):
        rows = seen(silver, day=late, slab_history="true")["slab_history"]["history"]
    assert [(row["type"], row["from"], row["to"], "store" in row) for row in rows] == [
        ("DOWNGRADE", "Silver", "Bronze", False),
        ("UPGRADE", "Bronze", "Silver", True),
    ]


def test_a_member_of_no_change_has_an_empty_history(asha: Customer) -> None:
    assert seen(asha, slab_history="true")["slab_history"] == {"history": []}


def test_the_history_of_the_program_asked_for_is_shown(silver: Customer) -> None:
    program_id = Membership.objects.get().program_id
    shown = [seen(silver, slab_history="true", program_id=str(pk))["slab_history"]["history"] for pk in (program_id, 999)]
    assert [len(rows) for rows in shown] == [1, 0]


def test_the_gap_to_the_next_tier(silver: Customer) -> None:
    assert row_of(silver, gap_to_upgrade_for="0")["gap_to_upgrade"] == {
        "upgrade_strategy": [
            {
                "upgrade_based_on": "CUMULATIVE_PURCHASES",
                "upgrade_entity_identifers": {},
                "upgrade_threshold": "5000",
                "customer_upgrade_entity_values": {
                    "current_value": "1300",
                    "gap_to_upgrade": "3700",
                    "value_valid_upto": "2026-03-03",
                },
            }
        ]
    }


def test_the_gap_to_keep_the_tier(silver: Customer) -> None:
    gap = row_of(silver, gap_to_renew_for="0")["gap_to_renew"]
    assert (gap["tier_expiry_date"], gap["renew_confirmed"], "custom_expression" in gap) == ("2027-03-02", "false", False)
    assert gap["renew_strategy"] == [
        {
            "renew_based_on": "PURCHASE",
            "renew_entity_identifiers": {},
            "renew_threshold": "500",
            "customer_renew_entity_value": "300",
            "customer_gap_to_renew_value": "200",
        },
        {
            "renew_based_on": "VISITS",
            "renew_entity_identifiers": {},
            "renew_threshold": "3",
            "customer_renew_entity_value": "1",
            "customer_gap_to_renew_value": "2",
        },
    ]


def test_a_renewal_is_confirmed_once_enough_was_bought(shop: Shop, silver: Customer) -> None:
    shop.record(shop.draft("enough", 200, customer_id=silver.pk, billed_at=NOON + DAY))
    gap = row_of(silver, gap_to_renew_for="0")["gap_to_renew"]
    assert (gap["renew_confirmed"], gap["renew_strategy"][0]["customer_gap_to_renew_value"]) == ("true", "0")


def test_a_gap_of_trackers_is_that_of_the_day_asked_for(shop: Shop, asha: Customer) -> None:
    trackers = [
        {"name": "Days", "type": "BILL_AMOUNT", "mode": "MOVING_WINDOW", "days": 10},
        {"name": "Month", "type": "CUSTOMER_VISITS", "mode": "CALENDAR_BASED_CYCLIC_WINDOW", "period": "month"},
        {"name": "Since", "type": "BILL_AMOUNT", "mode": "TIER_CHANGE_WINDOW"},
    ]
    conditions = [{"based_on": "TRACKER_VALUE_BASED", "tracker": tracker["name"], "threshold": 500} for tracker in trackers] + [
        {"based_on": "CURRENT_POINTS", "threshold": 50}
    ]
    tiers({**SILVER, "upgrade": {"match": "(1 AND 2) OR (3 AND 4)", "conditions": conditions}}, trackers=trackers)
    bronze = Tier.objects.get(name="Bronze")
    Membership.objects.update(tier=bronze, tier_since=NOON - DAY)
    shop.record(shop.draft("1", 100, customer_id=asha.pk))
    now, later = (row_of(asha, gap_to_upgrade_for=days)["gap_to_upgrade"] for days in ("0", "9"))
    assert (now["custom_expression"], now["expression_relation"]) == ("((A AND B) OR (C AND D))", [[1, 2], [3, 4]])
    values = [[strategy["customer_upgrade_entity_values"] for strategy in block["upgrade_strategy"]] for block in (now, later)]
    assert [value["current_value"] for value in values[0]] == ["100", "1", "100", "5"]
    assert [value["current_value"] for value in values[1]] == ["0", "1", "100", "5"]
    assert [value["value_valid_upto"] for value in values[0]] == ["2026-03-12", "2026-04-02", "2026-03-02", "2026-03-03"]
    assert now["upgrade_strategy"][1]["upgrade_entity_identifers"] == {
        "tracker_name": "Month",
        "tracker_type": "CUSTOMER_VISITS",
        "tracker_mode": "CALENDAR_BASED_CYCLIC_WINDOW",
        "tracker_case_name": "Month",
        "tracker_case_period_type": "MONTH",
        "tracker_case_period_value": "1",
    }


def test_gaps_have_their_empty_shape_unless_asked_for(silver: Customer) -> None:
    row = row_of(silver)
    assert (row["gap_to_upgrade"], row["gap_to_renew"]) == ({"upgrade_strategy": []}, {})


def test_the_highest_tier_has_no_gap(gold: Customer) -> None:
    assert row_of(gold, gap_to_upgrade_for="0")["gap_to_upgrade"] == {"upgrade_strategy": []}
    assert warnings(gold, mlp="true", gap_to_upgrade_for="0") == [91012]
    assert warnings(gold, mlp="true", gap_to_upgrade_for="0", tier_upgrade_criteria="true") == [91012]


@pytest.mark.parametrize("query", [{"mlp": "true", "gap_to_renew_for": "0"}, {"membership_retention_criteria": "true"}])
def test_the_lowest_tier_has_nothing_to_keep(northwind: Organization, query: dict[str, str]) -> None:
    bronze = Tier.objects.get(name="Bronze")
    anna = member(northwind)
    Membership.objects.update(tier=bronze, tier_since=NOON)
    assert warnings(anna, **query) == [91011]


@pytest.mark.parametrize("query", [{"mlp": "true", "gap_to_renew_for": "0"}, {"membership_retention_criteria": "true"}])
def test_a_program_that_never_lowers_says_so(silver: Customer, query: dict[str, str]) -> None:
    tiers({**SILVER, "downgrade_to": "none"})
    assert warnings(silver, **query) == [91010]


def test_a_tier_without_an_end_has_nothing_to_keep(shop: Shop, asha: Customer) -> None:
    tiers({"name": "Silver", "upgrade": SILVER["upgrade"]}, GOLD)
    shop.record(shop.draft("lift", 1000, customer_id=asha.pk))
    assert row_of(asha, gap_to_renew_for="0")["gap_to_renew"] == {}
    assert seen(asha, membership_retention_criteria="true")["membership_retention_criteria"]["duration_days"] == ""


def test_programs_without_tiers_have_no_gaps(silver: Customer) -> None:
    load(club(tiers=[]))
    row = row_of(silver, gap_to_renew_for="0", gap_to_upgrade_for="0")
    assert (row["gap_to_upgrade"], row["gap_to_renew"]) == ({"upgrade_strategy": []}, {})


def test_the_criteria_of_the_next_tier(silver: Customer) -> None:
    assert seen(silver, tier_upgrade_criteria="true")["tier_update_criteria"] == {
        "purchase_type": "CUMULATIVE_PURCHASES",
        "description": "Gold is reached by purchases of 5,000.00 in all.",
        "min_purchase_value_required": "5000",
    }


@pytest.mark.parametrize(
    "upgrade",
    [
        {"based_on": "TRACKER_VALUE_BASED", "tracker": "T", "threshold": 10},
        {
            "conditions": [
                {"based_on": "LIFETIME_POINTS", "threshold": 10},
                {"based_on": "CURRENT_POINTS", "threshold": 10},
            ]
        },
    ],
)
def test_trackers_and_combined_conditions_have_no_criteria(asha: Customer, upgrade: dict[str, Any]) -> None:
    tiers({**SILVER, "upgrade": upgrade}, trackers=[{"name": "T", "type": "POINTS", "mode": "TIER_CHANGE_WINDOW"}])
    assert "tier_update_criteria" not in seen(asha, tier_upgrade_criteria="true")


def test_the_criteria_that_keep_the_tier(silver: Customer) -> None:
    assert seen(silver, membership_retention_criteria="true")["membership_retention_criteria"] == {
        "min_visits": "3",
        "min_purchases": "500",
        "duration_days": "365",
        "program_id": str(Membership.objects.get().program_id),
    }


def test_a_customer_of_no_program_has_no_criteria(northwind: Organization) -> None:
    customer = Customer.objects.create(organization=northwind, type="LOYALTY", registered_on=NOON, updated_on=NOON)
    shown = seen(customer, tier_upgrade_criteria="true", membership_retention_criteria="true")
    assert {"tier_update_criteria", "membership_retention_criteria"}.isdisjoint(shown)


@pytest.mark.parametrize(
    ("tier", "query", "code"),
    [
        ("Gold", "mlp=true&gap_to_upgrade_for=0", "91012"),
        ("Bronze", "mlp=1&gap_to_renew_for=0", "91011"),
        ("Bronze", "membership_retention_criteria=true", "91011"),
    ],
)
def test_a_call_is_warned_where_there_is_no_gap(shop: Shop, asha: Customer, tier: str, query: str, code: str) -> None:
    Membership.objects.update(tier=Tier.objects.get(name=tier), tier_since=NOON)
    assert Api(shop.till).get(f"id={asha.pk}&{query}").warnings == [code]


def test_a_call_is_warned_where_no_tier_is_lost(shop: Shop, asha: Customer) -> None:
    program = Membership.objects.select_related("program").get().program
    ProgramVersionFactory(program=program, number=9, rules={"tiers": [{"name": "Bronze"}]}, made_at=NOON)
    assert Api(shop.till).get(f"id={asha.pk}&membership_retention_criteria=true").warnings == ["91010"]


@pytest.mark.parametrize(("asked", "code"), [("gap_to_upgrade_for", "91013"), ("gap_to_renew_for", "91014")])
def test_gaps_that_cannot_be_read_are_warnings(shop: Shop, asha: Customer, asked: str, code: str) -> None:
    Membership.objects.update(tier=Tier.objects.get(name="Silver"), tier_since=NOON, tier_expires_on=date(2099, 12, 31))
    query, gap = f"id={asha.pk}&mlp=true&{asked}=0", asked.removesuffix("_for")
    before = Api(shop.till).get(query)
    (row,) = before.item["points_summaries"]["points_summary"]
    assert (before.warnings, any(row[gap].values())) == ([], True)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE engagement_billline RENAME COLUMN quantity TO gone")
    answer = Api(shop.till).get(query)
    assert (answer.code, answer.warnings) == ("1000", [code])
    assert "activities unavailable" in answer.item["item_status"]["message"]
    (unread,) = answer.item["points_summaries"]["points_summary"]
    assert not any(unread[gap].values())
    assert {**unread, gap: None} == {**row, gap: None}
