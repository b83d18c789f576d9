"""Undoing an import: what it created is taken back as a whole, unless something has touched it since."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps

import use_cases.undoing_imports as module
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from engagement.bills.models import Bill, PurchaseTotals
from engagement.points.checks.run import check_ledger
from engagement.points.explanations import explain
from engagement.points.models import PointsAccount, PointsEntry
from organizations.audit.actors import Actor, command_actor
from organizations.audit.models import AuditEntry
from organizations.imports import runs
from organizations.imports.models import CreatedRecord, ImportRun
from organizations.staff.reach import OutOfReachError, StaffReach
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.bills import Shop, open_shop
from tests.factories.notes import NoteFactory
from tests.factories.program_files import club, loaded
from tests.imports import run_import, write_lines
from use_cases.import_traces import BILL_TRACES, CUSTOMER_TRACES, MADE_BY_REGISTRATION
from use_cases.undoing_imports import UndoRefusedError, plan_undo, undo_import

pytestmark = pytest.mark.django_db

CUSTOMERS = ("mobile,firstname,email", "9812300201,Asha,asha@example.com", "9812300202,Bina,", "9812300203,Chandra,")
BILLS = (
    "mobile,number,billing_time,amount,store_code",
    "9812300201,1001,2026-01-05 12:00:00,200,blr",
    "9812300201,1002,2026-01-06 12:00:00,1000,blr",
    "9812300202,1003,2026-01-06 13:00:00,50,blr",
)


@pytest.fixture
def northwind(db: None) -> Iterator[Organization]:
    organization = loaded(club(), base_country="IN")
    with organization_scope(organization):
        yield organization


@pytest.fixture
def by(northwind: Organization) -> Actor:
    return command_actor("undo", northwind)


@pytest.fixture
def shop(northwind: Organization) -> Shop:
    return open_shop(northwind)


def imported(folder: Path, command: str, *lines: str) -> ImportRun:
    outcome = run_import(command, write_lines(folder / "file.csv", *lines))
    assert outcome.status == 0, outcome.err
    return ImportRun.objects.latest("pk")


@pytest.fixture
def customers(northwind: Organization, tmp_path: Path) -> ImportRun:
    return imported(tmp_path, "import_customers", *CUSTOMERS)


@pytest.fixture
def bills(customers: ImportRun, shop: Shop, tmp_path: Path) -> ImportRun:
    return imported(tmp_path, "import_transactions", *BILLS)


def undo(run: ImportRun, by: Actor) -> ImportRun:
    return undo_import(run.pk, reason="The wrong file", by=by)


def sound(organization: Organization) -> bool:
    return [str(finding) for finding in check_ledger(organization)] == []


def test_customers_are_emptied_and_their_identifiers_free(customers: ImportRun, by: Actor, tmp_path: Path) -> None:
    assert PointsAccount.objects.filter(balance=50).count() == 3
    run = undo(customers, by)
    assert (run.undone_by, run.undone_reason, run.undone_at is None) == ("command:undo", "The wrong file", False)
    assert not Identifier.objects.exists()
    assert set(Customer.objects.values_list("firstname", "erased_at")) == {("", run.undone_at)}
    assert not PointsAccount.objects.exclude(balance=0).exists()
    assert sound(by.organization)
    entry = PointsEntry.objects.filter(kind="RETURN").first()
    assert entry is not None
    assert explain(entry) == "50 points taken back: the import that registered the customer was undone."
    done = AuditEntry.objects.filter(action="registration undone").order_by("object_id")
    assert [entry.object_id for entry in done] == list(CreatedRecord.objects.values_list("record_id", flat=True))
    assert "asha@example.com" not in str(list(AuditEntry.objects.values_list("old", "new")))
    # The same file registers the same people anew.
    assert imported(tmp_path, "import_customers", *CUSTOMERS).created == 3


def test_an_import_is_undone_once(customers: ImportRun, by: Actor) -> None:
    undo(customers, by)
    with pytest.raises(UndoRefusedError, match="undone already"):
        undo(customers, by)


def test_a_touched_customer_stands_in_the_way_of_all(customers: ImportRun, by: Actor) -> None:
    touched = Customer.objects.get(firstname="Bina")
    NoteFactory(customer=touched)
    plan = plan_undo(customers, by=by)
    assert [(found.record_id, found.name, found.count) for found in plan.obstacles] == [(touched.pk, "notes", 1)]
    with pytest.raises(UndoRefusedError, match="touched"):
        undo(customers, by)
    assert Customer.objects.filter(erased_at=None).count() == 3
    assert not PointsEntry.objects.filter(kind="RETURN").exists()


def test_a_bill_and_its_points_stand_in_the_way(customers: ImportRun, bills: ImportRun, by: Actor) -> None:
    found = {(obstacle.name, obstacle.count) for obstacle in plan_undo(customers, by=by).obstacles}
    assert found == {("bills", 2), ("bills", 1), ("movements of points", 2), ("movements of points", 1)}


def test_a_later_change_of_the_profile_stands_in_the_way(customers: ImportRun, by: Actor, tmp_path: Path) -> None:
    imported(tmp_path, "import_customers", "mobile,firstname", "9812300202,Beena")
    (obstacle,) = plan_undo(customers, by=by).obstacles
    assert obstacle.name == "changed since"


def test_an_import_that_changed_customers_cannot_be_undone(customers: ImportRun, by: Actor, tmp_path: Path) -> None:
    run = imported(tmp_path, "import_customers", "mobile,firstname", "9812300202,Beena", "9812300299,New")
    assert "changed 1 customers" in plan_undo(run, by=by).problem
    with pytest.raises(UndoRefusedError, match="changed 1 customers"):
        undo(run, by)


def test_bills_are_returned_and_their_numbers_free(bills: ImportRun, by: Actor, tmp_path: Path) -> None:
    asha = Customer.objects.get(firstname="Asha")
    account = PointsAccount.objects.get(customer=asha)
    assert (account.balance, PurchaseTotals.objects.get(customer=asha).amount) == (110, 1200)
    undo(bills, by)
    account.refresh_from_db()
    assert (account.balance, PurchaseTotals.objects.get(customer=asha).amount) == (50, 0)
    assert sound(by.organization)
    returned = Bill.objects.filter(type="REGULAR").order_by("pk")
    assert [(bill.number, bill.is_returned) for bill in returned] == [(f"{n}~{bills.pk}", True) for n in (1001, 1002, 1003)]
    # A corrected file has the same numbers.
    corrected = imported(tmp_path, "import_transactions", *(line.replace("1000,blr", "100,blr") for line in BILLS))
    assert corrected.created == 3
    account.refresh_from_db()
    assert account.balance == Decimal(65)


def test_a_return_of_a_bill_stands_in_the_way(bills: ImportRun, shop: Shop, by: Actor) -> None:
    sale = Bill.objects.get(number="1002")
    shop.record_all([shop.returned("1002", 10, customer_id=sale.customer_id, store=sale.store, return_type="AMOUNT")])
    assert {(found.record_id, found.name) for found in plan_undo(bills, by=by).obstacles} == {
        (sale.pk, "returns"),
        (sale.pk, "its points were spent or have expired"),
    }
    with pytest.raises(UndoRefusedError):
        undo(bills, by)
    assert Bill.objects.filter(number__contains="~").count() == 0


def test_points_that_returns_keep_stand_in_the_way(bills: ImportRun, by: Actor) -> None:
    by.organization.flags = {**by.organization.flags, "CONF_POINTS_RETURN_ENABLED": False}
    assert {found.name.partition(",")[0] for found in plan_undo(bills, by=by).obstacles} == {"has points"}


def test_a_kind_that_cannot_be_undone_says_so(customers: ImportRun, by: Actor, tmp_path: Path) -> None:
    run = imported(tmp_path, "import_notes", "mobile,description", "9812300201,Likes tea")
    assert "Files of notes cannot be taken back as a whole" in plan_undo(run, by=by).problem
    with pytest.raises(UndoRefusedError, match="Files of notes"):
        undo(run, by)


@pytest.mark.parametrize(("most", "kept"), [(3, 3), (2, 0)])
def test_a_list_of_too_many_records_is_neither_kept_nor_read(
    northwind: Organization, by: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, kept: int
) -> None:
    for module_ in (module, runs):
        monkeypatch.setattr(module_, "MOST_UNDONE", most)
    # Batches of one: the list is given up when the limit is passed.
    path = write_lines(tmp_path / "file.csv", *CUSTOMERS)
    assert run_import("import_customers", path, "--batch-size", "1").status == 0
    run = ImportRun.objects.get()
    assert (run.created, CreatedRecord.objects.count()) == (3, kept)
    plan = plan_undo(run, by=by)
    assert (plan.is_possible, "created 3 customers; at most 2" in plan.problem) == (kept == 3, kept == 0)


def test_an_import_of_an_earlier_version_is_refused(customers: ImportRun, by: Actor) -> None:
    CreatedRecord.objects.all().delete()
    assert "kept no list" in plan_undo(customers, by=by).problem


def test_staff_who_may_not_import_may_not_undo(customers: ImportRun, northwind: Organization) -> None:
    cashier = Actor(organization=northwind, source=AuditEntry.Source.BACK_OFFICE, name="staff:robin", reach=StaffReach())
    with pytest.raises(OutOfReachError):
        undo(customers, cashier)


@pytest.mark.parametrize("count", [1, 3])
def test_the_plan_costs_a_query_a_trace(
    northwind: Organization, by: Actor, tmp_path: Path, django_assert_num_queries, count: int
) -> None:
    run = imported(tmp_path, "import_customers", *CUSTOMERS[: 1 + count])
    with django_assert_num_queries(1 + len(CUSTOMER_TRACES)):
        assert plan_undo(run, by=by).is_possible


def tables_about(model: str) -> set[str]:
    """Tables with a column that leads to rows of `model`."""
    return {
        other._meta.db_table
        for other in apps.get_models()
        for field in other._meta.concrete_fields
        if field.related_model is apps.get_model(model) and not other._meta.proxy
    }


def test_every_table_about_customers_is_a_trace_or_made_by_registering() -> None:
    traces = {trace.table for trace in CUSTOMER_TRACES}
    assert tables_about("customers.Customer") - {"engagement_pointsaccount"} <= traces | MADE_BY_REGISTRATION
    assert traces.isdisjoint(MADE_BY_REGISTRATION)


def test_every_table_about_bills_is_a_trace_or_made_with_the_bill() -> None:
    made = {"engagement_billanswer", "engagement_billline", "engagement_pointsentry", "engagement_billpoints"}
    assert tables_about("engagement.Bill") - made - {"engagement_tierchange"} == {trace.table for trace in BILL_TRACES}


def test_long_numbers_stay_apart_when_they_are_freed(customers: ImportRun, shop: Shop, by: Actor, tmp_path: Path) -> None:
    numbers = [f"{'9' * 48}{end}" for end in ("01", "02")] + ["8" * 40]
    lines = [f"9812300201,{number},2026-01-05 12:00:00,200,blr" for number in numbers]
    run = imported(tmp_path, "import_transactions", BILLS[0], *lines)
    undo(run, by)
    freed = list(Bill.objects.filter(type="REGULAR").order_by("pk"))
    marks = [f"~{run.pk}.{bill.pk}" for bill in freed[:2]]
    assert [bill.number for bill in freed] == [*(f"{'9' * (50 - len(mark))}{mark}" for mark in marks), f"{'8' * 40}~{run.pk}"]
    assert {bill.number for bill in Bill.objects.filter(type="RETURN")} == {bill.number for bill in freed}
    assert imported(tmp_path, "import_transactions", BILLS[0], *lines).created == 3
