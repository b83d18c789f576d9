"""Import of bills and returns (docs/imports.md)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.draft import BillDraft
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.models import BillPoints, PointsAccount, PointsConsumption, PointsEntry, PointsLot
from engagement.programs.catalog import current_catalog, load_catalog
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import command_actor
from organizations.configuration import current_configuration
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from referrals.campaigns.catalog import load_campaigns
from tests.factories.bills import account_of, member
from tests.factories.fields import FieldFactory
from tests.factories.locations import TillFactory
from tests.factories.points import PointsAccountFactory
from tests.factories.program_files import club, loaded
from tests.imports import Outcome, rejects, run_import, write_lines
from use_cases.management.commands.import_transactions import BillBatch
from use_cases.purchases import record_purchases

pytestmark = pytest.mark.django_db
HEADER = "id,number,billing_time,amount,type,return_of,return_type,till_code,store_code,discount,points,notes"
FIRST = datetime(2026, 1, 5, 10, 0, 0, tzinfo=UTC)
RULES: list[dict[str, Any]] = [
    {"name": "base", "award": {"per": 100, "points": 5}, "expiry": {"kind": "days", "value": 30}},
    {"name": "slow", "award": {"percent": 1}, "delay_days": 3, "expiry": {"kind": "last_activity", "value": 1}},
    {"name": "big", "when": {"min_amount": 500}, "award": {"fixed": 9}, "expiry": {"kind": "rolling", "value": 2}},
]


@pytest.fixture
def northwind() -> Iterator[Organization]:
    organization = loaded(club(earning=RULES))
    with organization_scope(organization):
        yield organization


@pytest.fixture(autouse=True)
def till(northwind: Organization) -> Till:
    return TillFactory(store=Store.objects.select_related("zone", "concept").get(code="blr"), code="blr.till1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bills.csv"


@pytest.fixture
def asha(northwind: Organization) -> Customer:
    return member(northwind)


def run(path: Path, *lines: str, header: str = HEADER, options: tuple[str, ...] = ()) -> Outcome:
    return run_import("import_transactions", write_lines(path, header, *lines), *options)


def test_bills_and_returns_come_in_and_are_unchanged_the_second_time(asha: Customer, path: Path) -> None:
    lines = [
        f"{asha.pk},R1,2026-01-07 09:00:00,50,return,1,,blr.till1,,,,",
        f"{asha.pk},1,2026-01-05 10:00:00,100,,,,blr.till1,,5,,first",
        f"{asha.pk},2,2026-01-05,40,REGULAR,,,,web,,,",
        f"{asha.pk},3,2026-01-06 10:00:00,10,NOT_INTERESTED,,,blr.till1,blr,,,",
        f"{asha.pk},4,2026-01-06 10:00:00,10,,,,blr.till1,,,7.000,",
    ]
    assert run(path, *lines).counts == (5, 0, 0, 0)
    sale = Bill.objects.get(number="1")
    assert (sale.gross_amount, sale.returned_amount, sale.notes, sale.store.code if sale.store else "") == (
        105,
        50,
        "first",
        "blr",
    )
    assert sale.billed_at == datetime(2026, 1, 5, 4, 30, tzinfo=UTC)
    assert (Bill.objects.get(number="2").scope.partition(":")[0], Bill.objects.get(number="3").customer_id) == ("store", None)
    account = account_of(asha)
    assert (account.purchases, account.visits) == (100, 3)
    assert run(path, *lines).counts == (0, 0, 5, 0)
    assert (account_of(asha).version, Bill.objects.count()) == (account.version, 5)


def test_a_bill_is_the_same_with_and_without_invisible_characters(asha: Customer, path: Path) -> None:
    line = f"{asha.pk},B\u200b1,2026-01-05,100,,,,blr.till1,,,,"
    assert run(path, line).counts == (1, 0, 0, 0)
    assert run(path, line.replace("\u200b", ""), line.replace("B", "\ufeffB")).counts == (0, 0, 2, 0)
    assert Bill.objects.get().number == "B1"
    returned = f"{asha.pk},R1,2026-01-07 09:00:00,50,RETURN,\u202aB1\u202c,AMOUNT,blr.till1,,,,"
    assert run(path, returned).counts == (1, 0, 0, 0)


@pytest.mark.parametrize("strict", [0, 1])
def test_the_same_file_is_unchanged_under_any_duplicate_policy(
    northwind: Organization, asha: Customer, path: Path, strict: int
) -> None:
    northwind.flags = {"STRICT_DUPLICATE_BILL": strict}
    northwind.save()
    line = f"{asha.pk},1,2026-01-05,100,,,,blr.till1,,,,"
    assert run(path, line).counts == (1, 0, 0, 0)
    assert run(path, line).counts == (0, 0, 1, 0)
    assert run(path, line.replace("100", "101")).counts == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"id": "999999999"}, "1011"),
        ({"till_code": "nobody"}, "1150"),
        ({"store_code": "del"}, "1150"),
        ({"store_code": "nowhere"}, "1150"),
        ({"billing_time": "yesterday"}, "400"),
        ({"number": ""}, "400"),
        ({"amount": "-1"}, "400"),
        ({"amount": "ten"}, "400"),
        ({"amount": ""}, "400"),
        ({"type": "GIFT"}, "400"),
        ({"return_of": "7"}, "400"),
        ({"type": "RETURN", "return_of": "7"}, "400"),
        ({"points": "some"}, "400"),
        ({"points": "-1"}, "400"),
        ({"points": "NaN"}, "400"),
        ({"points": "1.2345"}, "400"),
        ({"points": "1e15"}, "400"),
        ({"discount": "x"}, "400"),
        ({"notes": "n" * 251}, "400"),
    ],
)
def test_rows_that_are_refused(asha: Customer, path: Path, tmp_path: Path, changed: dict[str, str], code: str) -> None:
    row = {"id": str(asha.pk), "number": "1", "billing_time": "2026-01-05", "amount": "10", "till_code": "blr.till1", **changed}
    outcome = run(
        path, ",".join(row.get(column, "") for column in HEADER.split(",")), options=("--errors", str(tmp_path / "e.csv"))
    )
    assert outcome.counts == (0, 0, 0, 1)
    assert rejects(tmp_path / "e.csv")[0]["error_code"] == code
    assert not Bill.objects.exists()


def test_columns_that_no_such_file_has(path: Path) -> None:
    assert run(path, "1", header="id,number,billing_time,amount,colour").status == 2
    assert run(path, "1", header="id,number,billing_time").status == 2


def test_custom_columns_are_kept_by_field_and_warn_where_they_cannot_be(
    northwind: Organization, asha: Customer, path: Path
) -> None:
    cashier = FieldFactory(organization=northwind, name="cashier", category="transaction")
    packed = FieldFactory(organization=northwind, name="packed", category="transaction", type="boolean")
    wrap = FieldFactory(organization=northwind, name="wrap", category="transaction", type="enum", options=["box", "bag"])
    header = "id,number,billing_time,amount,custom.cashier,custom.packed,custom.wrap"
    outcome = run(path, f"{asha.pk},1,2026-01-05,10,Noor,yes?,Box", f"{asha.pk},2,2026-01-05,10,,,sack", header=header)
    assert outcome.counts == (2, 0, 0, 0)
    assert ("1018" in outcome.err, "1017" in outcome.err) == (True, True)
    assert Bill.objects.get(number="1").field_values == {str(cashier.pk): "Noor", str(wrap.pk): "box"}
    assert packed.is_active


@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_batch_takes_the_same_queries_whatever_its_size(
    northwind: Organization, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [account.customer for account in PointsAccountFactory.create_batch(count, organization=northwind)]
    rows = [
        {"id": str(customer.pk), "number": str(number), "billing_time": "2026-01-05", "amount": "10", "till_code": "blr.till1"}
        for number, customer in enumerate(people)
    ]
    batch = BillBatch({}, by=command_actor("import_transactions", northwind))
    current_catalog()
    current_configuration().part(load_campaigns)
    with transaction.atomic(), django_assert_num_queries(13):
        batch.work(rows)


def history(people: list[Customer]) -> list[dict[str, str]]:
    """Sixty bills and returns of some months: they earn, promise, expire, move expiries and take back, in the order of time."""
    rows: list[dict[str, str]] = []
    for number in range(60):
        row = {
            "id": str(people[number % len(people)].pk),
            "billing_time": f"{FIRST + timedelta(hours=31 * number):%Y-%m-%d %H:%M:%S}",
            "till_code": "blr.till1",
        }
        if number > 5 and number % 5 == 4:
            # Of the customer's bill before the last one.
            sale = str(number - 2 * len(people))
            row |= {"number": f"R{number}", "type": "RETURN", "return_of": sale, "amount": str(10 + number)}
        else:
            row |= {"number": str(number), "amount": str(40 + 17 * number)}
        rows.append(row)
    return rows


def pictures() -> dict[str, list[dict[str, Any]]]:
    """All rows that bills write, without ids, the time of recording and the actor."""
    hidden = {
        "id",
        "recorded_at",
        "organization_id",
        "account_id",
        "customer_id",
        "made_by",
        "recorded_by",
        "entry_id",
        "lot_id",
    }
    hidden |= {"bill_id", "return_of_id", "reverses_id", "till_id", "store_id"}
    orders = {
        Bill: ("customer__firstname", "billed_at", "number"),
        BillPoints: ("bill__billed_at", "bill__number"),
        PointsAccount: ("customer__firstname",),
        PointsEntry: ("account__customer__firstname", "version"),
        PointsLot: ("account__customer__firstname", "entry__version"),
        PointsConsumption: ("entry__account__customer__firstname", "entry__version", "lot__entry__version"),
        PurchaseTotals: ("customer__firstname",),
    }
    return {
        model.__name__: [
            {key: value for key, value in row.items() if key not in hidden}
            for row in model._default_manager.order_by(*order).values(*(field.attname for field in model._meta.concrete_fields))
        ]
        for model, order in orders.items()
    }


def draft_of(row: dict[str, str], till: Till, zone: Any) -> BillDraft:
    return BillDraft(
        type=row.get("type", "REGULAR"),
        customer_id=int(row["id"]),
        number=row["number"],
        billed_at=datetime.fromisoformat(row["billing_time"]).replace(tzinfo=zone).astimezone(UTC),
        amount=Decimal(row["amount"]),
        till=till,
        store=till.store,
        sale_number=row.get("return_of", ""),
    )


def test_a_file_leaves_what_its_bills_leave_one_by_one(northwind: Organization, till: Till, path: Path) -> None:
    people = [member(northwind, firstname=name) for name in ("Asha", "Boris", "Chen")]
    rows = history(people)
    columns = ("id", "number", "billing_time", "amount", "type", "return_of", "till_code")
    lines = [",".join(row.get(column, "") for column in columns) for row in rows]

    def by_file(size: str) -> dict[str, list[dict[str, Any]]]:
        with transaction.atomic():
            # Out of order within a batch: time decides.
            ordered = lines if size != "60" else [*lines[1::2], *lines[::2]]
            outcome = run(path, *ordered, header=",".join(columns), options=("--batch-size", size))
            assert outcome.counts == (60, 0, 0, 0)
            picture = pictures()
            transaction.set_rollback(True)
        return picture

    together, in_batches = by_file("60"), by_file("7")
    by = command_actor("import_transactions", northwind)
    for row in rows:
        with transaction.atomic():
            (result,) = record_purchases(
                [draft_of(row, till, northwind.zone)],
                catalog=load_catalog(),
                campaigns=load_campaigns(),
                by=by,
                now=clock.now(),
                is_history=True,
            )
        assert not isinstance(result, LoyaltyError)
    one_by_one = pictures()
    assert len(one_by_one["PointsEntry"]) > 100
    assert {row["kind"] for row in one_by_one["PointsEntry"]} == {"AWARD", "PROMISE", "RELEASE", "EXPIRE", "RETURN"}
    assert together == one_by_one
    assert in_batches == one_by_one
