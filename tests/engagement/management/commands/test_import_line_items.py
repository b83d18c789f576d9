"""The lines of bills come in by file (docs/imports.md)."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.bills.draft import LineDraft
from engagement.bills.models import Bill, BillLine
from engagement.management.commands.import_line_items import LineBatch
from organizations.audit.actors import command_actor
from organizations.tenancy.models import Organization
from tests.factories.bills import NOON, Shop, member
from tests.factories.points import PointsAccountFactory
from tests.imports import Outcome, refused, rejects, run_import, write_lines

pytestmark = pytest.mark.django_db
HEADER = "id,number,billing_time,till_code,item_sku,description,quantity,rate,amount,discount"


@pytest.fixture
def bill(shop: Shop, asha: Customer) -> Bill:
    return shop.record(shop.draft("1", 100, customer_id=asha.pk)).recorded.bill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines.csv"


def run(path: Path, *lines: str, header: str = HEADER, options: tuple[str, ...] = ()) -> Outcome:
    return run_import("import_line_items", write_lines(path, header, *lines), *options)


def test_lines_come_to_their_bill_once(shop: Shop, asha: Customer, bill: Bill, path: Path) -> None:
    lines = [
        f"{asha.pk},1,2026-03-02 18:00:00,blr.till1,TEA,Green tea,2,30,55,5",
        f"{asha.pk},1,2026-03-02,blr.till1,CUP,,1,,45,",
        f"{asha.pk},1,2026-03-02,blr.till1,CUP,,1.0,0,45.00,0",
    ]
    assert run(path, *lines).counts == (2, 0, 1, 0)
    rows = BillLine.objects.filter(bill=bill).order_by("position")
    assert [(row.position, row.item_code, row.quantity, row.rate, row.value, row.discount, row.amount) for row in rows] == [
        (1, "TEA", 2, 30, 60, 5, 55),
        (2, "CUP", 1, 0, 45, 0, 45),
    ]
    assert rows[0].description == "Green tea"
    assert run(path, *lines).counts == (0, 0, 3, 0)
    back = shop.record(shop.returned("1", customer_id=asha.pk, lines=[LineDraft(item_code="CUP")])).recorded.bill
    assert back.amount == 45


def test_positions_go_on_behind_the_lines_that_are_there(shop: Shop, asha: Customer, path: Path) -> None:
    sold = [LineDraft(item_code="TEA", amount=Decimal(9)), LineDraft(item_code="CUP", amount=Decimal(9))]
    shop.record(shop.draft("1", 18, customer_id=asha.pk, lines=sold))
    assert run(path, f"{asha.pk},1,2026-03-02,blr.till1,HAT,,1,,5,").counts == (1, 0, 0, 0)
    assert list(BillLine.objects.order_by("position").values_list("position", "item_code"))[-1] == (3, "HAT")


def test_bills_without_a_till_are_found_by_their_store(shop: Shop, asha: Customer, path: Path) -> None:
    shop.record(shop.draft("1", 100, customer_id=asha.pk, till=None, store=shop.till.store))
    header = HEADER.replace("till_code", "store_code")
    assert run(path, f"{asha.pk},1,2026-03-02,blr,TEA,,1,,5,", header=header).counts == (1, 0, 0, 0)
    assert run(path, f"{asha.pk},1,2026-03-02,blr.till1,TEA,,1,,5,").counts == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"id": "999999999"}, "1011"),
        ({"number": "2"}, "400"),
        ({"number": "R1"}, "400"),
        ({"number": "1" * 51}, "400"),
        ({"billing_time": "2026-03-03"}, "400"),
        ({"billing_time": "soon"}, "400"),
        ({"till_code": "nobody"}, "1150"),
        ({"item_sku": ""}, "400"),
        ({"item_sku": "x" * 101}, "400"),
        ({"description": "x" * 251}, "400"),
        ({"quantity": "some"}, "400"),
        ({"quantity": "-1"}, "400"),
        ({"quantity": ""}, "400"),
        ({"quantity": "999999999999.9999"}, "400"),
        ({"amount": "x"}, "400"),
        ({"amount": ""}, "400"),
        ({"rate": "-1"}, "400"),
        ({"amount": "999999999999", "discount": "999999999999"}, "400"),
    ],
)
def test_rows_that_are_refused(
    shop: Shop, asha: Customer, bill: Bill, path: Path, tmp_path: Path, changed: dict[str, str], code: str
) -> None:
    shop.record(shop.returned("1", 1, number="R1", customer_id=asha.pk, billed_at=NOON))
    row = {
        "id": str(asha.pk),
        "number": bill.number,
        "billing_time": "2026-03-02",
        "till_code": "blr.till1",
        "item_sku": "TEA",
        "quantity": "1",
        "amount": "5",
        **changed,
    }
    line = ",".join(row.get(column, "") for column in HEADER.split(","))
    outcome = run(path, line, options=("--errors", str(tmp_path / "errors.csv")))
    assert outcome.counts == (0, 0, 0, 1)
    assert rejects(tmp_path / "errors.csv")[0]["error_code"] == code
    assert not BillLine.objects.exists()


def test_the_bill_of_another_customer_is_not_found(northwind: Organization, bill: Bill, path: Path) -> None:
    boris = member(northwind)
    assert run(path, f"{boris.pk},1,2026-03-02,blr.till1,TEA,,1,,5,").counts == (0, 0, 0, 1)
    assert not bill.lines.exists()


def test_columns_that_no_such_file_has(path: Path) -> None:
    assert run(path, "1", header=f"{HEADER},colour").status == 2
    assert run(path, "1", header="id,number,billing_time").status == 2


@pytest.mark.parametrize("count", [1, 3, 40])
def test_a_batch_takes_the_same_queries_whatever_its_size(
    northwind: Organization, shop: Shop, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [account.customer for account in PointsAccountFactory.create_batch(count, organization=northwind)]
    shop.record_all([shop.draft(str(index), 10, customer_id=customer.pk) for index, customer in enumerate(people)])
    rows = [
        {
            "id": str(customer.pk),
            "number": str(index),
            "billing_time": "2026-03-02",
            "till_code": "blr.till1",
            "store_code": "blr",
            "item_sku": "TEA",
            "quantity": "1",
            "amount": "10",
        }
        for index, customer in enumerate(people)
    ]
    batch = LineBatch(command_actor("import_line_items", northwind))
    # The configuration and its programs, the customers and their locks, the sales and their lines; no rule looks at lines.
    with transaction.atomic(), django_assert_num_queries(15):
        batch.work(rows)
    assert BillLine.objects.count() == count


REASONS = [
    ("quantity", "1e1", 'quantity: "1e1" has an exponent; write 10'),
    ("quantity", "-1", 'quantity: "-1" is below 0'),
    ("quantity", "1.2345", 'quantity: "1.2345" has too many decimals; write at most 3'),
    ("amount", "1.000,5", 'amount: "1.000,5" has a thousands separator; write 1000.5'),
    ("amount", "", "amount: it is blank, but every row needs it"),
    ("amount", "999999999999.999", 'amount: "999999999999.999" is too large together with the discount'),
    ("rate", "NaN", 'rate: "NaN" is not a plain number'),
    ("item_sku", "1.5E+11", 'item_sku: "1.5E+11" is what a spreadsheet has made of it'),
    ("item_sku", "", "item_sku: it is blank, but every row needs it"),
    ("description", "x" * 251, "description: "),
    ("billing_time", "2026-03-02T18:00:00+05:30", 'billing_time: "2026-03-02T18:00:00+05:30" has an offset from UTC'),
    ("billing_time", "2026-03-03", 'number: "1" is not a bill of 2026-03-03 at this till or store'),
    ("number", "2", 'number: "2" is not a bill of 2026-03-02 at this till or store'),
    ("till_code", "nowhere", 'till_code: "nowhere" is not a till of the organization'),
]  # fmt: skip


@pytest.mark.usefixtures("bill")
@pytest.mark.parametrize(("column", "value", "detail"), REASONS)
def test_a_row_is_refused_with_the_column_and_what_it_has(
    asha: Customer, tmp_path: Path, column: str, value: str, detail: str
) -> None:
    sound = {
        "id": str(asha.pk), "number": "1", "billing_time": "2026-03-02", "till_code": "blr.till1", "item_sku": "TEA",
        "quantity": "1", "amount": "5", "discount": "1",
    }  # fmt: skip
    assert refused("import_line_items", tmp_path, {**sound, column: value})["error_detail"].startswith(detail)


@pytest.mark.usefixtures("bill")
def test_a_line_of_another_customers_bill_is_explained(northwind: Organization, tmp_path: Path) -> None:
    row = {"id": str(member(northwind).pk), "number": "1", "billing_time": "2026-03-02", "till_code": "blr.till1"}
    error = refused("import_line_items", tmp_path, {**row, "item_sku": "TEA", "quantity": "1", "amount": "5"})
    assert error["error_detail"] == 'number: "1" is a bill of another customer'


@pytest.mark.usefixtures("bill")
def test_a_description_may_have_several_lines_and_starts_at_the_first(asha: Customer, path: Path) -> None:
    sound = f"{asha.pk},1,2026-03-02,blr.till1,TEA"
    text = f'{sound},"Green\ntea, ""fine""\n",1,5,5,\n{sound},"open,1,5,5,\n{sound},b,1,,x,\n{sound},c,1,5,5,\n'
    path.write_text(f"{HEADER}\n{text}", encoding="utf-8")
    errors = path.with_name("errors.csv")
    outcome = run_import("import_line_items", path, "--errors", str(errors))
    assert (outcome.counts, "lines 5, 6)" in outcome.err) == ((2, 0, 0, 2), True)
    assert sorted(BillLine.objects.values_list("description", flat=True)) == ['Green\ntea, "fine"', "c"]
    stored = errors.read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in stored] == ["error_line", "5", "6"]
    assert stored[1].endswith(f'{sound},"open,1,5,5,')
