"""Files that staff upload: stored in the data folder, their columns chosen, and discarded again (docs/imports.md)."""

import gzip
import hashlib
import shutil
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.db import transaction

from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.imports.columns import ColumnsError, FileColumns, mapped_header, read_header_row
from loyalty_project.imports.reading import Row, RowReader
from loyalty_project.imports.shapes import foreign_header
from loyalty_project.imports.sources import CHUNK, UnreadableFileError
from loyalty_project.jobs import IMPORTS, Arguments, defer_job
from loyalty_project.protocol.plain_text import one_line
from organizations.audit.actors import Actor, command_actor
from organizations.audit.services import Change, record_changes
from organizations.imports.files import (
    incoming_folder,
    paths_of,
    remove_files,
    remove_left_files,
    remove_old_rejected,
    remove_progress,
    uploaded_path,
)
from organizations.imports.guessing import folded, guess_columns
from organizations.imports.kinds import ImportKind, columns_of, kind_of, may_import
from organizations.imports.models import ColumnMemory, CreatedRecord, RejectedRow, UploadedFile
from organizations.imports.runs import MOST_UNDONE
from organizations.staff.reach import OutOfReachError
from organizations.tenancy.models import Organization

# Task that checks a file. Arguments: the organization's code and the file's id.
CHECK_TASK: Final = "check_uploaded_file"
MOST_UNPACKED_BYTES: Final = 200 * 1024 * 1024
MOST_COLUMNS: Final = 200
LONGEST_COLUMN: Final = 100
# Files of an organization that are not imported yet: the data folder is bounded.
MOST_WAITING: Final = 20
# Rows below the header by which users recognize a column.
SAMPLED_ROWS: Final = 3
_LONGEST_NAME: Final = 250
_GZIP: Final = b"\x1f\x8b"

State = UploadedFile.State
WAITING: Final = (State.NEW, State.CHECKING, State.CHECKED, State.REFUSED)


class UploadRefusedError(ValueError):
    """The file, or what is asked of it, is refused. The text is the reason, for users. Nothing has changed."""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def store_upload(file: IO[bytes], *, filename: str, kind: ImportKind, by: Actor) -> UploadedFile:
    """Store a file with a guess of its columns; a gzip archive is unpacked.

    Raises `UploadRefusedError` for a file that is not CSV with a header, or too many waiting files, and `OutOfReachError` for
    staff who may not import such files.
    """
    if not may_import(kind, by):
        raise OutOfReachError
    if UploadedFile.objects.filter(state__in=WAITING).count() >= MOST_WAITING:
        raise UploadRefusedError(f"{MOST_WAITING} files wait already. Import or discard one of them first.")
    with tempfile.NamedTemporaryFile(dir=incoming_folder(), suffix=".part") as draft:
        sha256, size = _unpack(file, draft)
        names, guesses = _read_columns(draft, columns_of(kind, by), remembered_columns(kind))
        return _add_row(
            UploadedFile(
                organization=by.organization,
                command=kind.name,
                filename=_readable(filename),
                size=size,
                sha256=sha256,
                columns=names,
                mapped=guesses,
                uploaded_at=clock.now(),
                uploaded_by=by.name,
            ),
            draft=Path(draft.name),
            by=by,
        )


@transaction.atomic
def _add_row(uploaded: UploadedFile, *, draft: Path, by: Actor) -> UploadedFile:
    uploaded.save(force_insert=True)
    # A copy: the draft is deleted by who made it. If the transaction fails, the nightly task finds a file without a row.
    shutil.copyfile(draft, uploaded_path(uploaded))
    uploaded_path(uploaded).chmod(0o600)
    new = {"command": uploaded.command, "size": uploaded.size, "sha256": uploaded.sha256}
    record_changes([Change(action="uploaded", object_type="uploadedfile", object_id=uploaded.pk, new=new)], by=by)
    return uploaded


def _readable(filename: str) -> str:
    name = one_line("".join(character if character.isprintable() else " " for character in filename))
    return name[-_LONGEST_NAME:] or "file.csv"


def _unpack(file: IO[bytes], draft: IO[bytes]) -> tuple[str, int]:
    """Copy the file, unpacked; its SHA-256 and its bytes. Raises `UploadRefusedError`."""
    begin = file.read(len(_GZIP))
    file.seek(0)
    stream: Any = gzip.GzipFile(fileobj=file) if begin == _GZIP else file
    digest, size = hashlib.sha256(), 0
    try:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > MOST_UNPACKED_BYTES:
                raise UploadRefusedError(
                    f"The file unpacks to more than {MOST_UNPACKED_BYTES >> 20} MB. Divide it into smaller files.", field="file"
                )
            digest.update(chunk)
            draft.write(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise UploadRefusedError("The compressed file is damaged. Pack it again.", field="file") from error
    draft.flush()
    return digest.hexdigest(), size


def _read_columns(file: IO[bytes], expected: FileColumns, remembered: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The names in the header, and the guess which columns of ours they are. Raises `UploadRefusedError`."""
    file.seek(0)
    reader = RowReader(file)  # type: ignore[arg-type]  # a binary stream

    def guessed(cells: Sequence[str]) -> list[str]:
        return guess_columns([cell.strip() for cell in cells], expected, remembered=remembered)

    def is_header(cells: Sequence[str]) -> bool:
        return is_complete(guessed(cells), expected)

    try:
        header = read_header_row(reader)
    except UnreadableFileError as error:
        raise UploadRefusedError(str(error), field="file") from error
    if not is_header(header.cells) and (shape := foreign_header(header, reader, is_header=is_header)):
        raise UploadRefusedError(shape, field="file")
    names = [cell.strip() for cell in header.cells]
    if len(names) > MOST_COLUMNS:
        raise UploadRefusedError(
            f"The first line has {len(names):,} columns; a file may have {MOST_COLUMNS}. Remove those that are not needed.",
            field="file",
        )
    too_long = [number for number, name in enumerate(names, 1) if len(name) > LONGEST_COLUMN]
    if too_long:
        raise UploadRefusedError(
            f"The name of column {too_long[0]} has more than {LONGEST_COLUMN} characters. Is the first line a header?",
            field="file",
        )
    if not any(names):
        raise UploadRefusedError("The first line has no column names.", field="file")
    return names, guessed(header.cells)


def is_complete(mapped: Sequence[str], expected: FileColumns) -> bool:
    """True if these columns are all that a file needs."""
    return all(column in mapped for column in expected.required) and (
        not expected.any_of or any(column in mapped for column in expected.any_of)
    )


def remembered_columns(kind: ImportKind) -> dict[str, str]:
    """What the organization has chosen for files of this kind: our columns by the folded name in the file."""
    memory = ColumnMemory.objects.filter(command=kind.name).first()
    return dict(memory.columns) if memory else {}


def sample_of(uploaded: UploadedFile) -> list[list[str]]:
    """For each column, its first cells in the file; nothing if the file is not there any more."""
    try:
        with uploaded_path(uploaded).open("rb") as stream:
            reader = RowReader(stream)
            next(reader, None)
            rows = [row for row, _ in zip(reader, range(SAMPLED_ROWS), strict=False) if not row.problem]
    except OSError:
        rows = []
    return [[_cell(row, index) for row in rows] for index in range(len(uploaded.columns))]


def _cell(row: Row, index: int) -> str:
    return row.cells[index][:LONGEST_COLUMN] if index < len(row.cells) else ""


@transaction.atomic
def choose_columns(uploaded_id: int, mapped: Sequence[str], *, options: Mapping[str, Any], by: Actor) -> UploadedFile:
    """Choose a column of ours, or "", for each column of a file, remember that, and have the file checked by a worker.

    Raises `UploadRefusedError` for columns that are not right, or a file that does not wait, and `OutOfReachError`.
    """
    uploaded, kind = lock_waiting(uploaded_id, by=by)
    mapped = list(mapped)
    if len(mapped) != len(uploaded.columns):
        raise UploadRefusedError("The columns are not those of the file. Open the page again.")
    try:
        kind.command.open_worker(mapped_header(mapped).columns, by=importer(uploaded, by.name), options=options)
    except ColumnsError as error:
        raise UploadRefusedError(str(error).replace("Columns of the file: ", "The columns do not fit: ")) from error
    uploaded.mapped, uploaded.options = mapped, dict(options)
    uploaded.state, uploaded.problem, uploaded.checked_at = State.CHECKING, "", None
    uploaded.save(update_fields=["mapped", "options", "state", "problem", "checked_at"])
    remove_progress(uploaded)
    _remember(kind, dict(zip(map(folded, uploaded.columns), mapped, strict=True)), by)
    defer_job(CHECK_TASK, lock=job_lock(uploaded), arguments=job_arguments(uploaded), queue=IMPORTS)
    return uploaded


def _remember(kind: ImportKind, chosen: Mapping[str, str], by: Actor) -> None:
    ColumnMemory.objects.get_or_create(organization=by.organization, command=kind.name)
    memory = lock(ColumnMemory.objects.filter(command=kind.name)).get()
    columns = {name: column for name, column in {**memory.columns, **chosen}.items() if name}
    # The latest names, should systems invent new ones for ever.
    memory.columns = dict(list(columns.items())[-5 * MOST_COLUMNS :])
    memory.save(update_fields=["columns"])


@transaction.atomic
def discard_file(uploaded_id: int, *, by: Actor) -> UploadedFile:
    """Discard a file that is not imported: it is removed from the data folder. Errors as `choose_columns`."""
    uploaded, _ = lock_waiting(uploaded_id, by=by)
    uploaded.state = State.DISCARDED
    uploaded.save(update_fields=["state"])
    record_changes([Change(action="discarded", object_type="uploadedfile", object_id=uploaded.pk)], by=by)
    transaction.on_commit(lambda: remove_upload(uploaded))
    return uploaded


def lock_waiting(uploaded_id: int, *, by: Actor) -> tuple[UploadedFile, ImportKind]:
    """Lock a file that is not imported yet, for staff who may import it. Raises `UploadRefusedError` and `OutOfReachError`."""
    uploaded = lock(UploadedFile.objects.filter(pk=uploaded_id)).get()
    kind = kind_of(uploaded.command)
    if kind is None:
        raise UploadRefusedError("Files of this kind are not imported any more.")
    if not may_import(kind, by):
        raise OutOfReachError
    if uploaded.state not in WAITING or uploaded.removed_at is not None:
        raise UploadRefusedError(f"The file does not wait any more: {uploaded.get_state_display()}.")
    return uploaded, kind


def importer(uploaded: UploadedFile, name: str) -> Actor:
    """The actor of an import: the member of staff of that name, in the source of imports. What they may was decided before."""
    return replace(command_actor(uploaded.command, uploaded.organization), name=name)


def job_lock(uploaded: UploadedFile) -> str:
    """The lock of all jobs about a file: one works on it at a time."""
    return f"uploaded file {uploaded.pk}"


def job_arguments(uploaded: UploadedFile) -> Arguments:
    """The arguments of the jobs about a file."""
    return {"organization": uploaded.organization.code, "file": uploaded.pk}


def remove_upload(uploaded: UploadedFile) -> None:
    """Remove a file from the data folder, with its preview."""
    remove_files(*paths_of(uploaded))
    UploadedFile.objects.filter(pk=uploaded.pk, removed_at=None).update(removed_at=clock.now())


def prune_files(organization: Organization) -> int:
    """Remove what is too old of imports, in the data folder and in lists; return how many uploaded files. Call it in the scope.

    Runs and their counts stay. An import that was stopped cannot be continued without its file: its rejected rows, which may be
    personal, are deleted, and so are those of commands that never finished. A file without a row is left of a transaction that
    failed. Lists of created records that are too long to be undone are of earlier versions.
    """
    now = clock.now()
    file_limit = now - timedelta(days=settings.IMPORT_FILE_DAYS)
    rejected_limit = now - timedelta(days=settings.IMPORT_REJECTED_DAYS)
    old = list(UploadedFile.objects.filter(removed_at=None, uploaded_at__lt=file_limit))
    for uploaded in old:
        remove_upload(uploaded)
        RejectedRow.objects.filter(run=uploaded.run_id).delete()
    UploadedFile.objects.filter(pk__in=[row.pk for row in old if row.state in WAITING]).update(
        state=State.DISCARDED, problem=f"Not imported within {settings.IMPORT_FILE_DAYS} days."
    )
    kept = UploadedFile.objects.filter(removed_at=None)
    remove_left_files(organization.pk, but=[path for row in kept for path in paths_of(row)], before=file_limit)
    remove_old_rejected(organization.pk, before=rejected_limit)
    RejectedRow.objects.filter(run__finished_at=None, run__file=None, run__started_at__lt=rejected_limit).delete()
    CreatedRecord.objects.filter(run__created__gt=MOST_UNDONE).delete()
    return len(old)
