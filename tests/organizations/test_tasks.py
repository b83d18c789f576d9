"""Tasks of workers about files that staff import."""

from pathlib import Path

import pytest
import time_machine
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from customers.profile.models import Customer
from loyalty_project import clock
from organizations import tasks
from organizations.imports.models import UploadedFile
from organizations.locations.models import Till
from tests.jobs import statuses
from tests.organizations.imports.uploading import choose, started, uploaded


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.IMPORT_FILES_DIR = tmp_path


@pytest.fixture
def file(administrator: Client, till: Till) -> UploadedFile:
    """A file that waits to be checked."""
    file = uploaded(administrator)
    choose(administrator, file)
    return file


def test_a_file_is_checked_and_imported_by_jobs_of_its_queue(administrator: Client, file: UploadedFile) -> None:
    arguments = {"organization": file.organization.code, "file": file.pk}
    assert list(ProcrastinateJob.objects.values_list("queue_name", "args")) == [("imports", arguments)]
    tasks.check_uploaded_file(**arguments)
    file.refresh_from_db()
    started(administrator, file)
    tasks.import_uploaded_file(**arguments)
    assert Customer.objects.count() == 2


def test_jobs_that_were_lost_are_deferred_anew(administrator: Client, file: UploadedFile) -> None:
    tasks.pick_up_imports(0)
    assert statuses("check_uploaded_file") == ["todo"]
    ProcrastinateJob.objects.filter(task_name="check_uploaded_file").update(status="failed")
    tasks.pick_up_imports(0)
    assert statuses("check_uploaded_file") == ["failed", "todo"]
    tasks.check_uploaded_file(organization=file.organization.code, file=file.pk)
    file.refresh_from_db()
    started(administrator, file)
    ProcrastinateJob.objects.filter(task_name="import_uploaded_file").update(status="failed")
    tasks.pick_up_imports(0)
    assert statuses("import_uploaded_file") == ["failed", "todo"]


def test_files_are_pruned_every_night(file: UploadedFile, settings: Settings) -> None:
    tasks.prune_import_files(0)
    file.refresh_from_db()
    assert file.removed_at is None
    with time_machine.travel(clock.now().replace(year=clock.now().year + 1)):
        tasks.prune_import_files(0)
    file.refresh_from_db()
    assert file.removed_at is not None
