"""Imports in the back office: upload, columns, preview, run, and the files that they leave."""

import csv
import gzip
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from customers.profile.models import Customer
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from organizations.imports import checking, progress, running, uploads
from organizations.imports.checking import check_file, first_rejects
from organizations.imports.files import files_of, incoming_folder, preview_path, rejected_path, uploaded_path
from organizations.imports.models import ColumnMemory, CreatedRecord, ImportRun, RejectedRow, UploadedFile
from organizations.imports.running import import_file, pick_up_imports
from organizations.imports.uploads import prune_files
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.jobs import statuses
from tests.organizations.imports.uploading import (
    CUSTOMERS,
    checked,
    choose,
    counts,
    file_of,
    imported,
    refusal,
    send,
    started,
    uploaded,
)


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.IMPORT_FILES_DIR = tmp_path / "imports"


def test_a_file_is_stored_with_a_guess_of_its_columns(administrator: Client, organization: Organization) -> None:
    file = uploaded(administrator)
    assert (file.filename, file.size, file.uploaded_by) == ("members.csv", len(CUSTOMERS), "staff:asha")
    assert (file.columns, file.mapped) == (["Phone", "First name", "Shoe"], ["mobile", "firstname", ""])
    assert uploaded_path(file).read_text() == CUSTOMERS
    assert uploaded_path(file).stat().st_mode & 0o777 == 0o600
    assert list(incoming_folder().iterdir()) == []
    entry = AuditEntry.objects.get(object_type="uploadedfile")
    assert (entry.action, entry.actor, "members" in str(entry.new)) == ("uploaded", "staff:asha", False)


def test_a_compressed_file_is_stored_unpacked(administrator: Client) -> None:
    file = uploaded(administrator, gzip.compress(CUSTOMERS.encode()), name="members.csv.gz")
    assert uploaded_path(file).read_text() == CUSTOMERS


def test_the_preview_counts_and_keeps_nothing(administrator: Client, till: Till) -> None:
    file = checked(administrator)
    assert (file.state, counts(file)) == ("CHECKED", (2, 0, 0, 1))
    assert not Customer.objects.exists()
    (first,) = first_rejects(file)
    assert (first.line, first.column) == (4, "mobile")
    page = administrator.get(reverse("admin:organizations_uploadedfile_change", args=[file.pk])).content.decode()
    assert "Import 2 rows" in page
    assert "First refused rows of each column" in page
    assert not ImportRun.objects.exists()


def test_the_import_does_what_the_preview_said(administrator: Client, till: Till) -> None:
    file = checked(administrator)
    run = started(administrator, file)
    assert (run.started_by, run.finished_at) == ("staff:asha", None)
    assert statuses("import_uploaded_file") == ["todo"]
    import_file(file.pk, organization=file.organization)
    run.refresh_from_db()
    assert counts(run) == (2, 0, 0, 1)
    assert run.finished_at is not None
    assert sorted(Customer.objects.values_list("firstname", flat=True)) == ["Asha", "Bina"]
    assert set(CreatedRecord.objects.values_list("record_id", flat=True)) == set(Customer.objects.values_list("pk", flat=True))
    registered = AuditEntry.objects.filter(object_type="customer").first()
    assert registered is not None
    assert (registered.source, registered.actor) == ("IMPORT", "staff:asha")
    # Of the files only the rejected rows are left.
    assert [path.name for path in files_of(file.organization_id)] == [rejected_path(run).name]
    # A job that runs again does nothing.
    import_file(file.pk, organization=file.organization)
    assert Customer.objects.count() == 2


def test_refused_rows_can_be_corrected_and_uploaded_as_they_are(administrator: Client, till: Till) -> None:
    run = imported(administrator)
    answer = administrator.get(reverse("admin:organizations_importrun_rejected", args=[run.pk]))
    content = file_of(answer)
    (row,) = csv.DictReader(content.splitlines())
    assert (row["error_line"], row["mobile"], row["firstname"]) == ("4", "12", "Chandra")
    again = imported(administrator, content.replace(",12,", ",9812300103,"))
    assert counts(again) == (1, 0, 0, 0)


def test_the_choice_of_columns_is_remembered(administrator: Client, till: Till) -> None:
    file = uploaded(administrator)
    choose(administrator, file, column_0="", column_2="mobile", column_1="lastname")
    later = uploaded(administrator, "shoe,FIRST NAME,Phone,email\n9812300105,Rao,x,a@example.com\n")
    assert later.mapped == ["mobile", "lastname", "", "email"]
    assert ColumnMemory.objects.get().command == "import_customers"


def test_columns_that_do_not_fit_are_refused(administrator: Client, till: Till) -> None:
    file = uploaded(administrator)
    assert "mobile" in refusal(choose(administrator, file, column_0="mobile", column_2="mobile"))
    assert "missing one of" in refusal(choose(administrator, file, column_0=""))
    assert "valid choice" in refusal(choose(administrator, file, column_0="balance"))
    file.refresh_from_db()
    assert file.state == "NEW"


def test_other_columns_outdate_a_check(administrator: Client, till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    file = uploaded(administrator)
    choose(administrator, file)
    work = checking.work_rows

    def change_and_work(*args: Any, **kwargs: Any) -> None:
        choose(administrator, file, column_1="lastname")
        work(*args, **kwargs)

    monkeypatch.setattr(checking, "work_rows", change_and_work)
    check_file(file.pk, organization=file.organization)
    file.refresh_from_db()
    assert (file.state, file.mapped[1]) == ("CHECKING", "lastname")


def test_a_run_stops_after_a_batch_and_goes_on_behind_it(
    administrator: Client, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = checked(administrator)
    run = started(administrator, file)
    stop = reverse("admin:organizations_importrun_stop", args=[run.pk])
    work_batch = progress.work_batch

    def work_and_stop(*args: Any, **kwargs: Any) -> Any:
        results = work_batch(*args, **kwargs)
        administrator.post(stop)
        return results

    monkeypatch.setattr(running, "BATCH_SIZE", 1)
    monkeypatch.setattr(progress, "work_batch", work_and_stop)
    import_file(file.pk, organization=file.organization)
    run.refresh_from_db()
    assert (counts(run), run.finished_at) == ((1, 0, 0, 0), None)
    page = reverse("admin:organizations_importrun_change", args=[run.pk])
    assert "Continue" in administrator.get(page).content.decode()
    # A stopped run is not picked up.
    assert pick_up_imports() == 0
    administrator.post(reverse("admin:organizations_importrun_continue", args=[run.pk]))
    monkeypatch.undo()
    import_file(file.pk, organization=file.organization)
    run.refresh_from_db()
    assert counts(run) == (2, 0, 0, 1)


def test_a_discarded_file_is_gone(administrator: Client, till: Till, django_capture_on_commit_callbacks) -> None:
    file = checked(administrator)
    with django_capture_on_commit_callbacks(execute=True):
        administrator.post(reverse("admin:organizations_uploadedfile_discard", args=[file.pk]))
    file.refresh_from_db()
    assert (file.state, files_of(file.organization_id)) == ("DISCARDED", [])
    administrator.post(reverse("admin:organizations_uploadedfile_start", args=[file.pk]))
    assert not ImportRun.objects.exists()


def test_old_files_are_removed(administrator: Client, till: Till, settings: Settings) -> None:
    waiting, run = checked(administrator), imported(administrator, CUSTOMERS.replace("98123001", "98123002"))
    assert prune_files(waiting.organization) == 0
    later = clock.now() + timedelta(days=settings.IMPORT_REJECTED_DAYS + 1)
    with time_machine.travel(later):
        assert prune_files(waiting.organization) == 1
    waiting.refresh_from_db()
    assert (waiting.state, files_of(waiting.organization_id)) == ("DISCARDED", [])
    assert not rejected_path(run).exists()
    assert not preview_path(waiting).exists()
    page, link = (reverse(f"admin:organizations_importrun_{name}", args=[run.pk]) for name in ("change", "rejected"))
    assert "The file of refused rows was removed: it is kept for 30 days." in administrator.get(page).content.decode()
    assert "kept for 30 days" in administrator.get(link, follow=True).content.decode()
    page = reverse("admin:organizations_uploadedfile_change", args=[waiting.pk])
    assert "Not imported within 7 days." in administrator.get(page).content.decode()


def test_what_interrupted_work_has_left_is_removed(administrator: Client, till: Till, settings: Settings) -> None:
    waiting, run = checked(administrator), imported(administrator, CUSTOMERS.replace("98123001", "98123002"))
    orphan = uploaded_path(waiting).with_name("file-999.csv")
    orphan.touch()
    (incoming_folder() / "left.part").touch()
    command = ImportRun.objects.create(organization=waiting.organization, command="x", filename="x", started_at=clock.now())
    for unfinished in (command, run):
        RejectedRow.objects.create(organization=waiting.organization, run=unfinished, line=2, code=1, cells='""')
    long = ImportRun.objects.create(
        organization=waiting.organization,
        command="y",
        filename="y",
        started_at=clock.now(),
        finished_at=clock.now(),
        created=5001,
    )
    CreatedRecord.objects.create(organization=waiting.organization, run=long, record_id=1)
    page = administrator.get(reverse("admin:organizations_importrun_change", args=[long.pk])).content.decode()
    assert "cannot be undone as a whole" in page
    # Written a week ago: all but the file that waits has no time left.
    week = (clock.now() - timedelta(days=settings.IMPORT_FILE_DAYS, hours=1)).timestamp()
    for path in (orphan, incoming_folder() / "left.part", uploaded_path(waiting)):
        os.utime(path, (week, week))
    assert prune_files(waiting.organization) == 0
    assert uploaded_path(waiting).exists()
    assert not orphan.exists()
    assert list(incoming_folder().iterdir()) == []
    assert set(CreatedRecord.objects.values_list("run", flat=True)) == {run.pk}
    with time_machine.travel(clock.now() + timedelta(days=settings.IMPORT_REJECTED_DAYS + 1)):
        prune_files(waiting.organization)
    assert not RejectedRow.objects.filter(run=command).exists()


def test_waiting_files_are_bounded(administrator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_WAITING", 1)
    uploaded(administrator)
    assert "1 files wait already" in refusal(send(administrator))
    assert UploadedFile.objects.count() == 1
