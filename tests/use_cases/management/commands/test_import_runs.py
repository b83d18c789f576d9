"""Runs of an import: files, dry runs, interruptions and divided batches (docs/imports.md)."""

import csv
import gzip
import hashlib
import io
import re
import sys
import time
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from loyalty_project.db.locks import hold_name
from organizations.audit.models import AuditEntry
from organizations.imports.models import ImportRun
from organizations.tenancy.scoping import organization_scope, unscoped
from subscriptions.models import Consent
from tests.factories.fields import FieldFactory
from tests.factories.organizations import OrganizationFactory
from tests.forking import kill_session, run_python, start_python
from tests.imports import rejects, run_import, write_lines
from use_cases.management.commands import import_customers

pytestmark = pytest.mark.django_db
run = partial(run_import, "import_customers")


def test_unreadable_rows_are_rejected_and_the_run_goes_on(organization, tmp_path):
    path, errors = tmp_path / "customers.csv", tmp_path / "errors.csv"
    path.write_bytes(b"mobile,firstname\n9812345678,caf\xe9\n9812345679,A\x00\n9812345670\n9812345671,Asha\n")
    outcome = run(path, "--errors", str(errors))
    assert (outcome.status, outcome.counts) == (1, (1, 0, 0, 3))
    assert b"2,400," in errors.read_bytes()
    assert b"caf\xe9" in errors.read_bytes()
    rows = csv.DictReader(errors.read_text(encoding="utf-8", errors="replace").splitlines())
    assert [row["error_detail"] for row in rows] == [
        "the row has a byte that is not UTF-8; save the file as UTF-8",
        "the row has a NUL character",
        "the row has 1 cells, the header has 2",
    ]


def test_dry_run_counts_like_a_real_one_and_stores_nothing(write, tmp_path):
    path, errors = write("mobile,firstname", "9812345678,Asha", "9812345678,Usha", "12ab,Bo"), tmp_path / "errors.csv"
    trial = run(path, "--dry-run", "--batch-size", "1", "--errors", str(errors))
    assert (trial.status, trial.counts, len(rejects(errors))) == (1, (1, 1, 0, 1), 1)
    assert not Customer.objects.exists()
    assert not ImportRun.objects.exists()
    assert run(path).counts == trial.counts


def test_header_without_rows_is_no_failure(write):
    assert (run(write("mobile")).status, run(write("mobile")).counts) == (0, (0, 0, 0, 0))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("mobile,shoe_size", "unknown shoe_size"),
        ("mobile,custom.Nonsense", "unknown custom.Nonsense"),
        ("firstname", "missing one of mobile, email, external_id, id"),
        ("mobile,mobile", "more than once: mobile"),
        ("mobile,custom.age,custom.AGE", "custom.AGE: the same field as custom.age"),
    ],
)
def test_wrong_columns_import_nothing(write, organization, header, expected):
    FieldFactory(organization=organization, name="age", type="number")
    outcome = run(write(header, ",".join(["9812345678"] * header.count(",")) + ",1"))
    assert outcome.status == 2
    assert expected in outcome.err
    assert not Customer.objects.exists()


def test_what_cannot_be_read_imports_nothing(write, tmp_path):
    assert run(tmp_path / "absent.csv").status == 2
    assert run(write("mobile", "9812345678"), code="nobody").status == 2
    (tmp_path / "empty.csv").write_text("")
    assert run(tmp_path / "empty.csv").status == 2
    assert run(write("mobile", "9812345678"), "--errors", str(tmp_path)).status == 2
    with pytest.raises(CommandError, match="must be 1 or more"):
        call_command("import_customers", "--organization", "northwind", "--batch-size", "0", "x.csv")
    assert not Customer.objects.exists()


def test_standard_input_is_read_and_never_resumed(organization, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfmobile\n9812345678\n")))
    assert run("-").counts == (1, 0, 0, 0)
    assert run("-", "--resume").status == 2


def test_compressed_files_are_read(organization, tmp_path):
    path = tmp_path / "customers.csv.gz"
    path.write_bytes(gzip.compress(b"mobile\n9812345678\n"))
    assert run(path).counts == (1, 0, 0, 0)


BROKEN_OFF = """
CREATE FUNCTION break_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the server is going away' USING ERRCODE = 'admin_shutdown';
END
$$;
CREATE TRIGGER break_off BEFORE INSERT ON customers_customer FOR EACH ROW WHEN (NEW.firstname = 'C')
    EXECUTE FUNCTION break_off();
"""


def test_an_interrupted_run_resumes_and_reports_the_whole_file(write, tmp_path):
    errors = tmp_path / "errors.csv"
    path = write("mobile,firstname", "12ab,X", "9812345671,A*", "9812345672,B", "34cd,Y", "9812345673,C", "9812345674,D*")
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_OFF)
    outcome = run(path, "--batch-size", "2", "--errors", str(errors))
    assert (outcome.status, "The database cannot go on: the server is going away" in outcome.err) == (2, True)
    unfinished = ImportRun.objects.get()
    assert (unfinished.finished_at, unfinished.created, unfinished.rejected, unfinished.lines) == (None, 2, 2, 5)
    assert not errors.exists()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER break_off ON customers_customer")
    outcome = run(path, "--errors", str(errors), "--resume")
    assert "behind line 5" in outcome.err
    assert "Warning 91003 Validation failed (2 times, lines" in outcome.err
    assert (outcome.status, outcome.counts) == (1, (4, 0, 0, 2))
    assert [row["error_line"] for row in rejects(errors)] == ["2", "5"]
    assert ImportRun.objects.get().finished_at is not None


def test_an_interrupt_has_its_own_exit_status(organization, monkeypatch):
    class Interrupted(io.BytesIO):
        def readline(self, *arguments: int) -> bytes:
            line = super().readline(*arguments)
            if not line:
                raise KeyboardInterrupt
            return line

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted(b"mobile\n9812345678\n")))
    outcome = run("-")
    assert (outcome.status, outcome.err) == (130, "Stopped. Start the import again to continue it.")


def test_a_busy_lock_is_reported_without_rejecting_rows(write):
    with connection.cursor() as cursor:
        cursor.execute(BROKEN_OFF.replace("admin_shutdown", "lock_not_available"))
    outcome = run(write("mobile,firstname", "9812345673,C"))
    assert (outcome.status, "another process holds the same records" in outcome.err) == (2, True)


def test_an_unwritable_error_file_leaves_the_run_unfinished(write, tmp_path):
    path = write("mobile", "12ab")
    outcome = run(path, "--errors", "/dev/full")
    assert (outcome.status, "Start the import again to have it written" in outcome.err) == (2, True)
    assert ImportRun.objects.get().finished_at is None
    assert run(path, "--errors", str(tmp_path / "errors.csv")).counts == (0, 0, 0, 1)
    assert len(rejects(tmp_path / "errors.csv")) == 1


def test_another_choice_for_known_customers_is_another_run(write):
    path = write("mobile", "9812345678")
    run(path)
    ImportRun.objects.update(finished_at=None, offset=path.stat().st_size, lines=2, created=1)
    assert run(path, "--on-existing", "skip").counts == (0, 0, 1, 0)
    assert run(path).counts == (1, 0, 0, 0)  # the unfinished run had reached the end


HEADER = "mobile,email,external_id,firstname,preferred_store,sms_bulk"
# The mobiles of guests are 9800000000 to 9800000039. Rows of Buggy raise, rows of Odd and Taken break a constraint.
NASTY = (
    *(f"98{n:08},guest{n}@example.com,E{n},Guest{n},," for n in range(40)),
    "12ab,,E200,Bo,,",
    "9800000007,,,Buggy,,",
    ",,,,,",
    "9800000008,other@example.com,,Renamed,,",
    "9800000300,guest9@example.com,E300,Shared,,",
    "9800000301,,E301,Taken,,1",
    "9800000302,,E302,A*sha,nowhere,1",
    "9800000303,,E302,Same,,0",
    "9800000303,,,Odd,,",
    "9800000302,,,Again,,yes",
    "9800000302,,,Again,,0",
    "9800000304,,E304,Buggy,,",
)
BREAKING = """
ALTER TABLE customers_customer ADD CONSTRAINT not_odd CHECK (firstname <> 'Odd'),
    ADD CONSTRAINT identifier_value_unique CHECK (firstname <> 'Taken');
"""


def what_an_import_leaves(path: Path, errors: Path, *options: str) -> tuple[list[Any], list[Any]]:
    """What the import reports, and what it stores, without ids and times. It is taken back."""
    with transaction.atomic():
        outcome = run(path, "--errors", str(errors), *options)
        reported = [outcome.status, outcome.out, outcome.err, errors.read_bytes()]
        stored = [
            list(Customer.objects.order_by("pk").values_list("firstname", "type", "version", "field_values")),
            sorted(Identifier.objects.values_list("kind", "value", "state", "customer__firstname")),
            sorted(Consent.objects.values_list("customer__firstname", "channel", "priority", "is_subscribed", "revision")),
        ]
        transaction.set_rollback(True)
    return reported, stored


def test_a_divided_batch_ends_as_batches_of_a_row_do(write, tmp_path, monkeypatch):
    plain = import_customers.register_all

    def register_all(inputs, **options):
        if any(given.customer.firstname == "Buggy" for given in inputs):
            raise RuntimeError("a bug")
        return plain(inputs, **options)

    monkeypatch.setattr(import_customers, "register_all", register_all)
    with connection.cursor() as cursor:
        cursor.execute(BREAKING)
    path, errors = write(HEADER, *NASTY), tmp_path / "errors.csv"
    divided = what_an_import_leaves(path, errors)
    assert divided == what_an_import_leaves(path, errors, "--batch-size", "1")
    assert divided[0][:2] == [1, "created=41 updated=4 unchanged=0 rejected=7\n"]
    sound = (line for line in NASTY if not re.search("Buggy|Odd|Taken", line))
    assert divided[1] == what_an_import_leaves(write(HEADER, *sound), errors)[1]


@pytest.mark.django_db(transaction=True)
def test_the_same_file_is_not_imported_twice_at_once(monkeypatch, tmp_path):
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True)
    path = tmp_path / "customers.csv"
    path.write_text("mobile\n9812345678\n")
    monkeypatch.setattr("organizations.imports.working._PATIENCE", 0.2)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    name = f"import {organization.pk} import_customers {digest} on-existing=update"
    held, done = Event(), Event()

    def hold():
        try:
            with hold_name(name, patience=1) as is_held:
                assert is_held
                held.set()
                done.wait(20)
        finally:
            connection.close()

    thread = Thread(target=hold)
    thread.start()
    held.wait(20)
    outcome = run(path)
    done.set()
    thread.join()
    assert (outcome.status, "Another process is importing this file" in outcome.err) == (2, True)
    assert run(path).counts == (1, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_filled_tables_are_analyzed_once_after_the_last_batch(monkeypatch, tmp_path):
    with unscoped("tests make their rows"):
        OrganizationFactory(code="northwind", with_program=True)
    seen: list[tuple[bool, int]] = []

    def analyze() -> None:
        seen.append((connection.in_atomic_block, ImportRun.objects.exclude(finished_at=None).count()))

    monkeypatch.setattr("organizations.imports.command.analyze_outdated_tables", analyze)
    path = write_lines(tmp_path / "customers.csv", "mobile", "9812345678", "9812345679")
    run(path, "--dry-run", "--batch-size", "1")
    assert seen == []
    run(path, "--batch-size", "1")
    assert seen == [(False, 1)]


@pytest.mark.django_db(transaction=True)
def test_killed_import_ends_as_an_uninterrupted_one(tmp_path):
    """SIGKILL after a few batches, and the same command again."""
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code="northwind", with_program=True)
    path, errors = tmp_path / "customers.csv", tmp_path / "errors.csv"
    path.write_text("external_id,firstname\n" + "".join(f"E{n},{'G' * (n % 7 + 1)}\n" for n in range(2000)) + "," + "Nobody\n")
    command = ["manage.py", "import_customers", "--organization", "northwind", "--batch-size", "100"]
    command += ["--errors", str(errors), "--no-progress", str(path)]
    first = start_python(*command)
    with organization_scope(organization):
        deadline = time.monotonic() + 60
        while not ImportRun.objects.filter(created__gte=300).exists():
            assert time.monotonic() < deadline
            assert first.is_alive()
            time.sleep(0.01)
        kill_session(first)
        reached = ImportRun.objects.get()
        assert reached.finished_at is None
        assert Customer.objects.count() >= reached.created
        assert run_python(*command, output=tmp_path / "out") == 1
        assert (tmp_path / "out").read_text().splitlines()[-1] == "created=2000 updated=0 unchanged=0 rejected=1"
        assert Customer.objects.count() == Identifier.objects.count() == AuditEntry.objects.count() == 2000
        assert rejects(errors)[0]["error_line"] == "2002"
        assert ImportRun.objects.get().finished_at is not None
