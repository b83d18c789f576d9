"""The preview of an uploaded file: a dry run by a worker, with its counts, and its rejected rows in a file."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.columns import ERROR_COLUMNS, ColumnsError, Header
from loyalty_project.imports.lines import Position
from loyalty_project.imports.reading import RowReader, raw_cells, unquoted
from loyalty_project.imports.rejects import write_rejects
from loyalty_project.imports.results import RowStatus, Tally
from loyalty_project.imports.sources import UnreadableFileError
from organizations.imports.dry_runs import dry_run
from organizations.imports.files import preview_path, remove_progress, uploaded_path, write_progress
from organizations.imports.kinds import kind_of
from organizations.imports.models import UploadedFile
from organizations.imports.progress import RehearsedProgress
from organizations.imports.runs import stored_occurrences
from organizations.imports.uploads import importer
from organizations.imports.working import BATCH_SIZE, open_mapped_columns, work_rows
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

# Seconds between two looks whether the check is still wanted, and how far it is.
_PAUSE: Final = 1.0
# Rejected rows of which a page shows the first ones by column.
_READ_REJECTS: Final = 1_000
_SHOWN_A_COLUMN: Final = 5
_LONGEST_NUMBER: Final = 18
GONE: Final = "The file is not there any more. Upload it again."

State = UploadedFile.State


class _OutdatedError(Exception):
    """The file was discarded, or other columns were chosen, while it was checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedCell:
    """A rejected row of a preview: its line, the column that is wrong ("" for the whole row), and the sentence on it."""

    line: int
    column: str
    sentence: str


def check_file(uploaded_id: int, *, organization: Organization) -> None:
    """Do everything that the import of a file would do, take it back, and keep what it came to. Repeatable.

    Call it outside of a transaction. Raises `django.db.Error` if the database fails.
    """
    with organization_scope(organization):
        uploaded = UploadedFile.objects.select_related("organization").filter(pk=uploaded_id, state=State.CHECKING).first()
        if uploaded is None:
            return
        try:
            tally = _rehearse(uploaded)
        except _OutdatedError:
            return
        except FileNotFoundError:
            _keep(uploaded, State.REFUSED, Tally(), GONE)
        except (ColumnsError, UnreadableFileError) as error:
            _keep(uploaded, State.REFUSED, Tally(), str(error))
        else:
            _keep(uploaded, State.CHECKED, tally, "")


def first_rejects(uploaded: UploadedFile) -> list[RejectedCell]:
    """The first rejected rows of a preview for each column, in the order of the columns; none if their file is gone."""
    mapped = [column for column in uploaded.mapped if column]
    by_column: dict[str, list[RejectedCell]] = {column: [] for column in ["", *mapped]}
    for line, sentence in _read_rejects(uploaded, mapped):
        column = sentence.partition(":")[0]
        cells = by_column[column if column in by_column else ""]
        if len(cells) < _SHOWN_A_COLUMN:
            cells.append(RejectedCell(line=line, column=column if column in mapped else "", sentence=sentence))
    return [cell for cells in by_column.values() for cell in cells]


def _read_rejects(uploaded: UploadedFile, mapped: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Lines and sentences of the first rejected rows. Only what is before a row is read: the row may be malformed."""
    try:
        stream = preview_path(uploaded).open("rb")
    except FileNotFoundError:
        return
    with stream:
        reader = RowReader(stream)
        reader.columns = reader.free_text = [*ERROR_COLUMNS, *mapped]
        for row in islice(reader, _READ_REJECTS):
            line, _, message, detail, *_ = *map(unquoted, raw_cells(row.raw)[: len(ERROR_COLUMNS)]), "", "", "", ""
            # Not the header, nor a further line of a malformed row.
            if line.isascii() and line.isdigit() and len(line) <= _LONGEST_NUMBER:
                yield int(line), detail or message


@contextmanager
def opened_file(uploaded: UploadedFile, *, by: str) -> Iterator[tuple[RowReader, Header, Worker]]:
    """The reader behind the header of a file, its columns as they were chosen, and their worker, who acts as `by`.

    Raises `FileNotFoundError`, `UnreadableFileError` and `ColumnsError`.
    """
    kind = kind_of(uploaded.command)
    if kind is None:
        raise UnreadableFileError("Files of this kind are not imported any more.")
    command, options = kind.command, uploaded.options
    with uploaded_path(uploaded).open("rb") as stream:
        reader = RowReader(stream)
        header, worker = open_mapped_columns(
            reader, lambda columns: command.open_worker(columns, by=importer(uploaded, by), options=options), uploaded.mapped
        )
        yield reader, header, worker


def _rehearse(uploaded: UploadedFile) -> Tally:
    opened = opened_file(uploaded, by=uploaded.uploaded_by)
    with opened as (reader, header, worker), dry_run(on_letting_go=_nothing) as trial:
        progress = RehearsedProgress(None, start=reader.position, dry_run=trial)
        try:
            work_rows(progress, reader, header, worker, report=_Watch(uploaded), batch_size=BATCH_SIZE)
            write_rejects(preview_path(uploaded), header.columns, progress.rejects())
        finally:
            progress.finish()
        return progress.tally


class _Watch:
    """Called after each batch: writes how far the check is, and ends it if it is outdated (`_OutdatedError`)."""

    def __init__(self, uploaded: UploadedFile) -> None:
        self._uploaded = uploaded
        self._looked_at = 0.0

    def __call__(self, reached: Position, tally: Tally) -> None:
        if time.monotonic() - self._looked_at < _PAUSE:
            return
        self._looked_at = time.monotonic()
        if not _unchanged(self._uploaded).exists():
            raise _OutdatedError
        counts = {status.value: getattr(tally, status.value) for status in RowStatus}
        write_progress(self._uploaded, {"offset": reached.offset, **counts})


def _unchanged(uploaded: UploadedFile) -> QuerySet[UploadedFile]:
    return UploadedFile.objects.filter(pk=uploaded.pk, state=State.CHECKING, mapped=uploaded.mapped, options=uploaded.options)


@transaction.atomic
def _keep(uploaded: UploadedFile, state: State, tally: Tally, problem: str) -> None:
    """Keep what the check came to, unless it is outdated."""
    kept = lock(_unchanged(uploaded)).first()
    remove_progress(uploaded)
    if kept is None:
        return
    kept.state, kept.problem, kept.checked_at = state, problem[:500], clock.now()
    for status in RowStatus:
        setattr(kept, status.value, getattr(tally, status.value))
    kept.warnings, kept.errors = stored_occurrences(tally.warnings), stored_occurrences(tally.errors)
    kept.save()


def _nothing() -> None:
    """The counts may then have repeated rows as new: the page says that they are a preview."""
