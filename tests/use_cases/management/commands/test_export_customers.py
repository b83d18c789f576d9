"""Export of customers, and import of the export (docs/imports.md)."""

import csv
import io
import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.imports import CONSENTS, PLAIN
from organizations.audit.models import AuditEntry
from organizations.fields.models import FieldDefinition
from organizations.tenancy.scoping import organization_scope, unscoped
from subscriptions.models import Consent
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory, TillFactory, till_actor
from tests.factories.organizations import OrganizationFactory
from tests.imports import Outcome, run_import, write_lines
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db
NEW_YORK = "America/New_York"


def export(path: Path | str, *options: str, code: str = "northwind") -> Outcome:
    """The command without a report of progress."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command("export_customers", "--organization", code, *options, str(path), stdout=out, stderr=err)
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return Outcome(status, out.getvalue(), err.getvalue())


def exported(path: Path, code: str = "northwind") -> list[dict[str, str]]:
    assert export(path, code=code).status == 0
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bring(path: Path, *lines: str, counts: tuple[int, ...]) -> None:
    outcome = run_import("import_customers", write_lines(path, *lines))
    assert (outcome.counts, outcome.err) == (counts, "")


def comes_back_unchanged(path: Path, count: int) -> None:
    before = list(Customer.objects.order_by("pk").values())
    outcome = run_import("import_customers", path)
    assert (outcome.status, outcome.counts, outcome.err) == (0, (0, 0, count, 0), "")
    assert list(Customer.objects.order_by("pk").values()) == before


@pytest.fixture
def fields(organization):
    """A field of every type, and one that is switched off."""
    options = ["Green", "Blue, dark", 'Red "hot"']
    FieldFactory(organization=organization, name="note", position=1)
    FieldFactory(organization=organization, name="age", type="number", position=2)
    FieldFactory(organization=organization, name="anniversary", type="date", position=3)
    FieldFactory(organization=organization, name="vegan", type="boolean", position=4)
    FieldFactory(organization=organization, name="color", type="enum", options=options, position=5)
    FieldFactory(organization=organization, name="colors, all", type="multi", options=options, position=6)
    FieldFactory(organization=organization, name="city", category="extended")
    FieldFactory(organization=organization, name="Brand", category="preference")
    FieldFactory(organization=organization, name="Retired", is_active=False)


def test_every_column_comes_back_unchanged(organization, till, fields, tmp_path):
    organization.timezone, organization.flags = NEW_YORK, {"CONF_CLIENT_V2_API_ENABLED": 1}
    organization.save()
    StoreFactory(organization=organization, code="del.cp")
    CardFactory(series__organization=organization, number="G-1")
    everything = {
        "mobile": "919812345678", "email": "a.rao+shop@example.com", "external_id": '=A,"1"', "firstname": "李小龍",
        "lastname": "O'Neil-Rao", "type": "NON_LOYALTY", "registered_on": "2020-07-03 04:05:06", "registered_till": till.code,
        "associated_with": till.code, "source": "WEBSITE", "fraud_status": "CONFIRMED", "test_control_status": "CONTROL",
        "ndnc_status": "DND", "card_number": "G-1", "preferred_store": "del.cp", "sms_trans": "1", "sms_bulk": "0",
        "email_trans": "0", "email_bulk": "1", "custom.note": 'a, "b"\r\nc\rd\n李', "custom.age": "41.5",
        "custom.anniversary": "2015-06-07", "custom.vegan": "false", "custom.color": "Blue, dark",
        "custom.colors, all": '["Blue, dark","Red \\"hot\\""]', "extended.city": "Pune", "preference.Brand": "Acme",
    }  # fmt: skip
    path = tmp_path / "one.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(everything))
        writer.writeheader()
        writer.writerow(everything)
    assert run_import("import_customers", path).counts == (1, 0, 0, 0)
    customer = Customer.objects.get()
    (row,) = exported(tmp_path / "export.csv")
    assert row == {**everything, "id": str(customer.pk), "referral_code": "", "external_id": '\'=A,"1"'}
    assert set(row) - set(everything) == {"id", "referral_code"} <= set(PLAIN)
    assert {consent for consent in CONSENTS if row[consent]} == set(CONSENTS)
    comes_back_unchanged(tmp_path / "export.csv", 1)


def test_a_missing_consent_is_blank(organization, tmp_path):
    bring(tmp_path / "in.csv", "mobile", "9812345678", counts=(1, 0, 0, 0))
    (row,) = exported(tmp_path / "out.csv")
    assert {name for name, value in row.items() if value} == {
        "id", "mobile", "type", "source", "registered_on", "test_control_status",
    }  # fmt: skip
    comes_back_unchanged(tmp_path / "out.csv", 1)


def test_exported_customers_of_tills_import_again_unchanged(anna, tmp_path):
    Customer.objects.update(registered_on=anna.registered_on.replace(microsecond=123456))
    assert exported(tmp_path / "out.csv")[0]["firstname"] == "Anna"
    comes_back_unchanged(tmp_path / "out.csv", 1)


def test_both_hours_that_a_clock_change_repeats_come_back_as_they_are(organization, tmp_path):
    organization.timezone = NEW_YORK
    organization.save()
    bring(tmp_path / "in.csv", "external_id", "A", "B", "C", "D", counts=(4, 0, 0, 0))
    first = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
    moments = [first, first + timedelta(hours=1), datetime(2025, 3, 9, 6, 59, 59, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC)]
    for customer, moment in zip(Customer.objects.order_by("pk"), moments, strict=True):
        customer.registered_on = moment
        customer.save()
    walls = [row["registered_on"] for row in exported(tmp_path / "out.csv")]
    assert walls == ["2025-11-02 01:30:00", "2025-11-02 01:30:00", "2025-03-09 01:59:59", "2025-06-30 20:00:00"]
    comes_back_unchanged(tmp_path / "out.csv", 4)


@pytest.mark.parametrize(
    "flags",
    [{"CONF_USERS_IS_EMAIL_UNIQUE": 0}, {"CONF_INSTORE_V2_ENABLED": 1}, {"CONF_REGISTRATION_PRIMARY_KEY": "external_id"}],
)
def test_customers_who_share_identifiers_are_imported_separately(organization, tmp_path, flags):
    organization.flags = flags
    organization.save()
    header = "mobile,external_id,firstname,email"
    mail = "both@example.com" if "CONF_REGISTRATION_PRIMARY_KEY" not in flags else ""
    bring(tmp_path / "in.csv", header, f"9812345678,A,Asha,{mail}", f"9812345679,B,Bo,{mail}", counts=(2, 0, 0, 0))
    assert [row["email"] for row in exported(tmp_path / "out.csv")] == [mail, mail]
    comes_back_unchanged(tmp_path / "out.csv", 2)


def test_merged_customers_stay_out_and_the_survivor_comes_back_unchanged(organization, till, tmp_path):
    bring(tmp_path / "in.csv", "mobile,email", "9812345678,", "9812345679,b@example.com", counts=(2, 0, 0, 0))
    survivor, victim = Customer.objects.order_by("pk")
    merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(till))
    (row,) = exported(tmp_path / "out.csv")
    assert (row["id"], row["mobile"], row["email"]) == (str(survivor.pk), "919812345678", "b@example.com")
    comes_back_unchanged(tmp_path / "out.csv", 1)


def test_former_identifiers_and_cards_that_are_not_valid_stay_out(organization, anna, tmp_path):
    series = CardSeriesFactory(organization=organization)
    issued = datetime(2024, 1, 1, tzinfo=UTC)
    for day, (number, status) in enumerate([("G-1", "ACTIVE"), ("G-2", "ISSUED"), ("G-3", "DELETED")]):
        CardFactory(series=series, number=number, status=status, customer=anna, issued_on=issued + timedelta(days=day))
    Identifier.objects.filter(kind="email").update(state="FORMER", exclusive=False)
    (row,) = exported(tmp_path / "out.csv")
    assert (row["email"], row["card_number"]) == ("", "G-2")
    comes_back_unchanged(tmp_path / "out.csv", 1)


def test_inactive_tills_are_exported_unless_the_policy_refuses(organization, till, anna, tmp_path):
    Customer.objects.update(associated_till=till)
    till.is_active = False
    till.save()
    (row,) = exported(tmp_path / "lenient.csv")
    assert (row["registered_till"], row["associated_with"]) == (till.code, till.code)
    organization.flags = {"STRICT_TILL": 1}
    organization.save()
    (row,) = exported(tmp_path / "strict.csv")
    assert (row["registered_till"], row["associated_with"]) == ("", "")
    comes_back_unchanged(tmp_path / "strict.csv", 1)


def test_an_export_without_its_ids_fills_another_organization(organization, anna, tmp_path):
    rows = exported(tmp_path / "out.csv")
    with unscoped("tests make their rows"):
        other = OrganizationFactory(code="southwind", with_program=True)
        TillFactory(store__organization=other, code="southwind.till1")
    moved = tmp_path / "moved.csv"
    with moved.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [name for name in rows[0] if name != "id"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    assert run_import("import_customers", moved, code="southwind").counts == (1, 0, 0, 0)
    with organization_scope(other):
        customer = Customer.objects.get()
        assert (customer.firstname, customer.fraud_marked_by) == ("Anna", "")


def test_only_the_organization_is_exported_and_the_audit_knows(organization, anna, stranger, tmp_path):
    with organization_scope(stranger.organization):
        run_import("import_customers", write_lines(tmp_path / "in.csv", "mobile", "9812345678"), code="bazaar")
    path = tmp_path / "out.csv"
    outcome = export(path)
    assert (outcome.status, outcome.out, outcome.err) == (0, "exported=1\n", "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entry = AuditEntry.objects.get(action="exported")
    assert (entry.source, entry.actor, entry.object_type, entry.object_id) == (
        "COMMAND", "command:export_customers", "organization", organization.pk,
    )  # fmt: skip
    assert (entry.new["customers"]["file"], entry.new["customers"]["format"]) == (str(path), "csv")


def test_json_lines_have_the_columns_as_keys(organization, fields, anna, tmp_path):
    path = tmp_path / "out.jsonl"
    assert export(path, "--format", "jsonl").status == 0
    (line,) = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert list(line) == list(exported(tmp_path / "out.csv")[0])
    assert (line["firstname"], line["custom.age"]) == ("Anna", None)


def test_standard_output_has_only_the_file(organization, anna, monkeypatch):
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out))
    outcome = export("-")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "exported=1\n")
    assert len(out.getvalue().splitlines()) == 2


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM", "'=1", "''+", "-", "@"])
@pytest.mark.parametrize("options", [(), ("--keep-formulas",)])
def test_cells_that_look_like_formulas_come_back_as_they_were(organization, fields, anna, tmp_path, value, options):
    note = FieldDefinition.objects.get(name="note")
    Customer.objects.update(field_values={str(note.pk): value})
    Identifier.objects.filter(kind="external_id").update(value=value)
    export(tmp_path / "out.csv", *options)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["custom.note"] == (value if options and not value.startswith("'") else f"'{value}")
    comes_back_unchanged(tmp_path / "out.csv", 1)


@pytest.mark.parametrize("value", ["'00017", "4.00011E+15"])
def test_a_code_that_an_import_would_refuse_as_damaged_is_left_blank(organization, anna, tmp_path, value):
    Identifier.objects.filter(kind="external_id").update(value=value)
    assert exported(tmp_path / "out.csv")[0]["external_id"] == ""
    comes_back_unchanged(tmp_path / "out.csv", 1)


def test_an_unwritable_file_is_reported_and_leaves_nothing(organization, anna, tmp_path):
    outcome = export(tmp_path / "absent" / "out.csv")
    assert (outcome.status, "cannot be written: No such file or directory" in outcome.err) == (2, True)
    assert export(tmp_path, code="northwind").status == 2
    assert export(tmp_path / "out.csv", code="nobody").status == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("trouble", "status", "expected"),
    [(BrokenPipeError(32, "Broken pipe"), 2, "- cannot be written: Broken pipe."), (KeyboardInterrupt(), 130, "Stopped.")],
)
def test_an_aborted_run_is_reported_and_audited(organization, anna, monkeypatch, trouble, status, expected):
    class Broken(io.BytesIO):
        def write(self, _data: object) -> int:
            raise trouble

    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Broken()))
    outcome = export("-")
    assert (outcome.status, outcome.err) == (status, expected)
    assert AuditEntry.objects.filter(action="exported").count() == 1
    assert Customer.objects.count() == 1  # no transaction is left behind


def test_a_database_failure_is_reported_and_leaves_no_file(organization, anna, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE customers_card RENAME TO gone")
    outcome = export(tmp_path / "out.csv")
    assert (outcome.status, "Run: python manage.py migrate" in outcome.err) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_queries_do_not_grow_with_the_customers(organization, till, tmp_path, django_assert_num_queries):
    for count in (1, 3):
        lines = [f"98123456{n:02}" for n in range(count)]
        run_import("import_customers", write_lines(tmp_path / "in.csv", "mobile,sms_bulk", *(f"{line},1" for line in lines)))
        # organization, fields, audit; savepoint, settings, customers, back to the savepoint and its end
        with django_assert_num_queries(8):
            assert len(exported(tmp_path / "out.csv")) == count
    assert Consent.objects.count() == 3


@pytest.mark.parametrize("options", [(), ("--keep-formulas",)])
def test_odd_texts_come_back_as_they_were(organization, fields, tmp_path, options):
    random = Random(5)  # repeatable on purpose
    note = FieldDefinition.objects.get(name="note")
    for number in range(60):
        text = "".join(random.choices("'=+-@\t\r\n\",;ab\uff1d\u0e01 ", k=random.randint(1, 12))).strip()
        external_id = "".join(random.choices("'=+-@\";,ab1E.", k=random.randint(1, 6))).strip() + str(number)
        customer = CustomerFactory(organization=organization, field_values={str(note.pk): text} if text else {})
        IdentifierFactory(customer=customer, kind="external_id", value=external_id)
    assert export(tmp_path / "out.csv", *options).status == 0
    comes_back_unchanged(tmp_path / "out.csv", 60)
