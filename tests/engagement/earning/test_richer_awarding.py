"""Recorded bills by rules that look at lines, birthdays, segments and earlier awards, and what their returns take back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.points.checks.run import check_ledger
from engagement.points.explanations import explain
from engagement.points.models import BillPoints, PointsEntry
from engagement.programs.catalog import load_catalog
from engagement.programs.rules import ProgramRules
from organizations.tenancy.models import Organization
from referrals.campaigns.catalog import load_campaigns
from tests.factories.bills import DAY, NOON, Shop, account_of, codes, member
from tests.factories.fields import FieldFactory
from tests.factories.locations import till_actor
from tests.factories.program_files import club, load
from tests.factories.programs import ProgramVersionFactory
from tests.factories.segments import SegmentPartitionFactory, put_into
from use_cases.purchases import record_purchases

pytestmark = pytest.mark.django_db
SHOES: dict[str, Any] = {"name": "shoes", "when": {"items": {"include": ["SHOE"]}}, "award": {"percent": 10}}
FIXED: dict[str, Any] = {"name": "base", "award": {"fixed": 60}}


def line(item_code: str, amount: int, quantity: int = 1, **attributes: str) -> LineDraft:
    return LineDraft(
        item_code=item_code, quantity=Decimal(quantity), amount=Decimal(amount), details={"attributes": attributes}
    )


SET = (line("SHOE", 600, 2), line("HAT", 400))


def version_of(customer: Customer, *rules: dict[str, Any], **more: Any) -> None:
    """A newer version of the club's rules, not by the file."""
    rules_of_program = {"earning": rules, **more}
    ProgramVersionFactory(program=account_of(customer).program, number=2, rules=rules_of_program, made_at=NOON - DAY)


def give(*rules: dict[str, Any], **more: Any) -> None:
    """Let the club earn by these rules from long ago on."""
    load(club(earning=list(rules), precision=0, **more))


def test_lines_earn_their_part_of_the_bill(shop: Shop, asha: Customer) -> None:
    winter = {"name": "winter", "when": {"attributes": {"season": ["winter"]}}, "award": {"per_unit": 2}}
    give(SHOES, winter)
    lines = [*SET, line("CAP", 200, 3, season="winter")]
    shop.record(shop.draft("1", 600, customer_id=asha.pk, lines=lines))
    entries = list(PointsEntry.objects.order_by("pk"))
    assert [entry.points for entry in entries] == [30, 6]
    assert explain(entries[0]).endswith("gives 10 percent of 300, the part of line 1 in 600, which is 30.")
    assert explain(entries[1]).endswith("gives 2 points for each of 3 units, which is 6.")
    assert BillPoints.objects.get().of_lines == [{"points": "30", "lines": [1]}, {"points": "6", "lines": [3]}]


def test_a_multiplier_is_explained(shop: Shop, asha: Customer) -> None:
    give(FIXED, {"name": "double", "award": {"multiply": 2}, "max_points_per_day": 40})
    assert codes(shop.record(shop.draft("1", 100, customer_id=asha.pk))) == [1097]
    sentence = explain(PointsEntry.objects.order_by("-pk")[0])
    assert "2 times the 60 points of “base” in all, which adds 60, rounded down to whole points" in sentence
    assert sentence.endswith("capped at 40 for a day, of which 40 were left.")


@pytest.mark.parametrize(
    ("parts", "balances"),
    [
        ([[("HAT", 1)]], [54]),
        ([[("SHOE", 1)]], [27]),
        ([[("SHOE", 2)]], [0]),
        ([[("SHOE", 1)], [("HAT", 1)], [("SHOE", 1)]], [27, 27, 0]),
    ],
)
def test_returned_lines_take_back_what_they_brought(
    shop: Shop, asha: Customer, parts: list[list[tuple[str, int]]], balances: list[int]
) -> None:
    give(SHOES)
    shop.record(shop.draft("1", 900, customer_id=asha.pk, lines=[line("SHOE", 540, 2), line("HAT", 360)]))
    for hour, (part, balance) in enumerate(zip(parts, balances, strict=True)):
        lines = [LineDraft(item_code=item_code, quantity=Decimal(quantity)) for item_code, quantity in part]
        at = NOON + DAY + timedelta(hours=hour)
        shop.record(shop.returned("1", customer_id=asha.pk, lines=lines, billed_at=at))
        assert account_of(asha).balance == balance
    assert list(check_ledger(shop.organization)) == []


@pytest.mark.parametrize(("return_type", "amount", "balance"), [("AMOUNT", 450, 27), ("FULL", None, 0)])
def test_other_returns_take_back_by_the_bill(
    shop: Shop, asha: Customer, return_type: str, amount: int | None, balance: int
) -> None:
    give(SHOES)
    shop.record(shop.draft("1", 900, customer_id=asha.pk, lines=SET))
    shop.record(shop.returned("1", amount, customer_id=asha.pk, return_type=return_type))
    assert account_of(asha).balance == balance


def test_a_sale_and_its_returns_of_one_file(shop: Shop, asha: Customer) -> None:
    give(SHOES)
    back = [
        shop.returned("1", number=f"R{day}", customer_id=asha.pk, lines=[LineDraft(item_code=item)], billed_at=NOON + day * DAY)
        for day, item in ((1, "HAT"), (2, "SHOE"))
    ]
    shop.record_all([shop.draft("1", 1000, customer_id=asha.pk, lines=SET), *back], now=NOON + 9 * DAY, is_history=True)
    returns = PointsEntry.objects.filter(kind="RETURN").order_by("occurred_at")
    assert [entry.points for entry in returns] == [-30]
    assert account_of(asha).balance == 30


def test_a_day_ends_at_midnight_of_the_zone(shop: Shop, asha: Customer) -> None:
    give({**FIXED, "max_points_per_day": 100})
    # 23:50 and 00:10 in Kolkata.
    late, early = datetime(2026, 3, 2, 18, 20, tzinfo=UTC), datetime(2026, 3, 2, 18, 40, tzinfo=UTC)
    found = [
        codes(shop.record(shop.draft(str(number), 10, customer_id=asha.pk, billed_at=at), now=NOON + 2 * DAY))
        for number, at in enumerate((NOON, late, early, late))
    ]
    assert found == [[], [1097], [], [1097]]
    assert account_of(asha).balance == 100 + 60


def test_caps_count_by_customer_rule_and_month_before_returns(northwind: Organization, shop: Shop, asha: Customer) -> None:
    give({**FIXED, "max_points_per_month": 100}, {**FIXED, "name": "other", "max_points_per_month": 70})
    shop.record(shop.draft("1", 10, customer_id=asha.pk))
    shop.record(shop.returned("1", customer_id=asha.pk, return_type="FULL"))
    ravi = member(northwind)
    for number, customer, at in ((2, asha, NOON + DAY), (3, ravi, NOON), (4, asha, NOON + 40 * DAY)):
        shop.record(shop.draft(str(number), 10, customer_id=customer.pk, billed_at=at), now=NOON + 40 * DAY)
    given = PointsEntry.objects.filter(kind="AWARD").order_by("occurred_at", "pk").values_list("bill__number", "points")
    assert sorted(given) == sorted([("1", 60), ("1", 60), ("2", 40), ("2", 10), ("3", 60), ("3", 60), ("4", 60), ("4", 60)])


def test_caps_hold_inside_a_batch_and_across_versions(shop: Shop, asha: Customer) -> None:
    give({**FIXED, "max_points_per_day": 100, "delay_days": 3})
    shop.record_all([shop.draft(str(number), 10, customer_id=asha.pk) for number in range(3)])
    assert (account_of(asha).promised, PointsEntry.objects.count()) == (100, 2)
    # The same rule of a newer version has the same cap.
    give({**FIXED, "max_points_per_day": 110, "delay_days": 3})
    shop.record(shop.draft("9", 10, customer_id=asha.pk))
    assert account_of(asha).promised == 110


def test_birthdays_and_segments_of_the_customer_count(northwind: Organization, shop: Shop, asha: Customer) -> None:
    dob = FieldFactory(organization=northwind, name="dob", category="custom", type="date")
    when = {"birthday": "day", "segments": [{"segment": "spend", "partition": "high"}]}
    version_of(asha, {**FIXED, "when": when}, birthday_field="dob")
    high = SegmentPartitionFactory(segment__organization=northwind, segment__name="spend", name="high")
    shop.record(shop.draft("1", 10, customer_id=asha.pk))
    asha.field_values = {str(dob.pk): "1990-03-02"}
    asha.save()
    shop.record(shop.draft("2", 10, customer_id=asha.pk))
    put_into(high, asha.pk)
    shop.record(shop.draft("3", 10, customer_id=asha.pk))
    assert account_of(asha).balance == 60
    high.is_active = False
    high.save()
    shop.record(shop.draft("4", 10, customer_id=asha.pk))
    assert account_of(asha).balance == 60


@pytest.mark.parametrize("bills", [1, 3])
def test_rules_read_what_they_need_once_for_a_batch(northwind: Organization, shop: Shop, asha: Customer, bills: int) -> None:
    people = [member(northwind) for _ in range(bills)]
    catalog, campaigns = load_catalog(), load_campaigns()

    def statements(*rules: dict[str, Any]) -> int:
        version = catalog.by_name["Club"].version
        version.typed_rules = ProgramRules.from_json({"earning": rules})
        drafts = [shop.draft(f"{len(rules)} {person.pk}", 100, customer_id=person.pk, lines=SET) for person in people]
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            record_purchases(drafts, catalog=catalog, campaigns=campaigns, by=till_actor(shop.till), now=NOON + 2 * DAY)
        return len(queries)

    # For the totals of purchases, which the first bills create.
    statements()
    segments = {"segments": [{"segment": "spend", "partition": "high"}]}
    plain = statements(FIXED)
    # Lines, segments and earlier awards; and ids, which an account has for a single award.
    assert statements(FIXED, {**SHOES, "max_points_per_day": 5}, {**FIXED, "name": "high", "when": segments}) == plain + 4
