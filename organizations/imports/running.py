"""Imports that staff start: worked by a worker in batches, stopped after a batch and continued behind it."""

from typing import Final

from django.db import transaction

from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.db.statistics import analyze_outdated_tables
from loyalty_project.imports.columns import ColumnsError
from loyalty_project.imports.lines import Position
from loyalty_project.imports.rejects import write_rejects
from loyalty_project.imports.results import Tally
from loyalty_project.imports.sources import UnreadableFileError
from loyalty_project.jobs import IMPORTS, Arguments, defer_job, defer_missing_jobs
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.imports.checking import GONE, opened_file
from organizations.imports.files import rejected_path
from organizations.imports.kinds import kind_of, may_import
from organizations.imports.models import ImportRun, UploadedFile
from organizations.imports.progress import StoredProgress
from organizations.imports.runs import RunKey, open_run
from organizations.imports.uploads import (
    CHECK_TASK,
    UploadRefusedError,
    job_arguments,
    job_lock,
    lock_waiting,
    remove_upload,
)
from organizations.imports.working import BATCH_SIZE, hold_import, work_rows
from organizations.staff.reach import OutOfReachError
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

# Task that imports a file. Arguments: the organization's code and the file's id.
TASK: Final = "import_uploaded_file"
State = UploadedFile.State


class _StoppedError(Exception):
    """Staff stopped the import."""


class ImportIsRunningError(Exception):
    """Another process works on the same import. The job is tried again later."""


@transaction.atomic
def start_import(uploaded_id: int, *, by: Actor) -> ImportRun:
    """Start the import of a checked file: a worker does it. Locks the file.

    Raises `UploadRefusedError` for a file that is not checked, and `OutOfReachError`.
    """
    uploaded, kind = lock_waiting(uploaded_id, by=by)
    if uploaded.state != State.CHECKED:
        raise UploadRefusedError("The file is not checked yet.")
    try:
        with opened_file(uploaded, by=by.name) as (reader, _, _):
            start = reader.position
    except FileNotFoundError as error:
        raise UploadRefusedError(GONE) from error
    except (ColumnsError, UnreadableFileError) as error:
        raise UploadRefusedError(str(error)) from error
    # Each uploaded file is an import of its own, whatever commands do with the same file.
    options = f"{kind.options_that_matter(uploaded.options)} file={uploaded.pk}".strip()
    key = RunKey(organization=by.organization, command=kind.name, sha256=uploaded.sha256, options=options)
    run = open_run(key, uploaded.filename, start, by=by)
    uploaded.state, uploaded.run = State.IMPORTED, run
    uploaded.save(update_fields=["state", "run"])
    new = {"command": run.command, "file": uploaded.pk, "sha256": run.sha256}
    record_changes([Change(action="started", object_type="importrun", object_id=run.pk, new=new)], by=by)
    _defer(uploaded)
    return run


@transaction.atomic
def stop_import(run_id: int, *, by: Actor) -> ImportRun:
    """Have an import stop after the batch under way; what is imported stays. Errors as `start_import`."""
    run = _lock_unfinished(run_id, by)
    if run.stop_requested_at is None:
        run.stop_requested_at = clock.now()
        run.save(update_fields=["stop_requested_at"])
        record_changes([Change(action="stopped", object_type="importrun", object_id=run.pk)], by=by)
    return run


@transaction.atomic
def continue_import(run_id: int, *, by: Actor) -> ImportRun:
    """Continue an import behind its last batch. Errors as `start_import`."""
    run = _lock_unfinished(run_id, by)
    run.stop_requested_at, run.problem = None, ""
    run.save(update_fields=["stop_requested_at", "problem"])
    record_changes([Change(action="continued", object_type="importrun", object_id=run.pk)], by=by)
    _defer(run.file)
    return run


def _lock_unfinished(run_id: int, by: Actor) -> ImportRun:
    run = lock(ImportRun.objects.select_related("file").filter(pk=run_id)).get()
    kind = kind_of(run.command)
    if kind is None or not may_import(kind, by):
        raise OutOfReachError
    if run.finished_at is not None:
        raise UploadRefusedError("The import is finished.")
    if file_of(run) is None:
        raise UploadRefusedError("A command started this import: it is stopped and continued there.")
    if run.file.removed_at is not None:
        raise UploadRefusedError(GONE)
    return run


def file_of(run: ImportRun) -> UploadedFile | None:
    """The uploaded file of a run; None if a command read the file."""
    return getattr(run, "file", None)


def import_file(uploaded_id: int, *, organization: Organization) -> None:
    """Import what is left of a file. Repeatable: it goes on behind the last batch. Call it outside of a transaction.

    Raises `ImportIsRunningError`, and `django.db.Error` if the database fails.
    """
    with organization_scope(organization):
        uploaded = UploadedFile.objects.select_related("run").filter(pk=uploaded_id, run__finished_at=None).first()
        if uploaded is None or uploaded.run is None or uploaded.run.stop_requested_at is not None:
            return
        try:
            _import(uploaded, uploaded.run, organization)
        except _StoppedError:
            return
        except FileNotFoundError:
            _fail(uploaded.run, GONE)
        except (ColumnsError, UnreadableFileError) as error:
            _fail(uploaded.run, str(error))
        else:
            remove_upload(uploaded)
            analyze_outdated_tables()


def _import(uploaded: UploadedFile, run: ImportRun, organization: Organization) -> None:
    key = RunKey(organization=organization, command=run.command, sha256=run.sha256, options=run.options)
    with opened_file(uploaded, by=run.started_by) as (reader, header, worker), hold_import(key) as is_held:
        if not is_held:
            raise ImportIsRunningError
        run.refresh_from_db()
        progress = StoredProgress(run, start=reader.position)

        def report(_reached: Position, _tally: Tally) -> None:
            if ImportRun.objects.filter(pk=run.pk, stop_requested_at__isnull=False).exists():
                raise _StoppedError

        work_rows(progress, reader, header, worker, report=report, batch_size=BATCH_SIZE)
        write_rejects(rejected_path(run), header.columns, progress.rejects())
        progress.finish()


def _fail(run: ImportRun, problem: str) -> None:
    ImportRun.objects.filter(pk=run.pk).update(problem=problem[:500])


def _defer(uploaded: UploadedFile) -> None:
    defer_job(TASK, lock=job_lock(uploaded), arguments=job_arguments(uploaded), queue=IMPORTS)


def pick_up_imports() -> int:
    """Defer a job for each check and each import that has lost its own; return how many."""
    checks: dict[str, Arguments] = {}
    imports: dict[str, Arguments] = {}
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization):
            files = UploadedFile.objects.filter(removed_at=None).select_related("organization")
            for uploaded in files.filter(state=State.CHECKING):
                checks[job_lock(uploaded)] = job_arguments(uploaded)
            for uploaded in files.filter(
                run__finished_at=None, run__stop_requested_at=None, run__problem="", run__isnull=False
            ):
                imports[job_lock(uploaded)] = job_arguments(uploaded)
    missing = defer_missing_jobs(CHECK_TASK, checks, queue=IMPORTS)
    return missing + defer_missing_jobs(TASK, imports, queue=IMPORTS)
