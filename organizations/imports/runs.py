"""Runs of imports: position, counts and rejected rows, written with each batch, so that a stopped import can continue."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loyalty_project import clock
from loyalty_project.db.rows import insert_rows
from loyalty_project.imports.reading import Position, Source
from loyalty_project.imports.rejects import Reject
from loyalty_project.imports.results import RowStatus, Tally
from organizations.imports.models import ImportRun, RejectedRow
from organizations.tenancy.models import Organization

_LONGEST_NAME = 250
_CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """Identity of an import: organization, command, the file's content, and the options that change results."""

    organization: Organization
    command: str
    sha256: str
    options: str

    @property
    def name(self) -> str:
        """Name of the lock that keeps the same import from running twice at once."""
        return f"{self.organization.pk} {self.command} {self.sha256} {self.options}"


def open_run(key: RunKey, source: Source, start: Position) -> ImportRun:
    """The unfinished run of this import, or a new one from `start`. A file without checksum always gets a new one."""
    run = ImportRun.objects.filter(command=key.command, sha256=key.sha256, options=key.options, finished_at=None).first()
    if run is not None and key.sha256:
        return run
    return ImportRun.objects.create(
        organization=key.organization,
        command=key.command,
        filename=source.name[-_LONGEST_NAME:],
        sha256=key.sha256,
        options=key.options,
        started_at=clock.now(),
        offset=start.offset,
        lines=start.lines,
    )


def position_of(run: ImportRun) -> Position:
    """Position after the last batch that was stored."""
    return Position(run.offset, run.lines)


def tally_of(run: ImportRun) -> Tally:
    """Results of the rows so far."""
    return Tally(**{status.value: getattr(run, status.value) for status in RowStatus}, warnings=run.warnings)


def store_batch(run: ImportRun, *, reached: Position, tally: Tally, rejects: Sequence[Reject]) -> None:
    """Write the progress of the run. Call it in the transaction of the batch."""
    insert_rows(
        [
            RejectedRow(
                organization=run.organization,
                run=run,
                line=reject.line,
                code=reject.code,
                message=reject.message,
                cells=json.dumps(reject.cells),
            )
            for reject in rejects
        ]
    )
    counts = {status.value: getattr(tally, status.value) for status in RowStatus}
    ImportRun.objects.filter(pk=run.pk).update(
        offset=reached.offset, lines=reached.lines, warnings=dict(tally.warnings), **counts
    )


def rejects_of(run: ImportRun) -> Iterator[Reject]:
    """All rows that the run rejected, in the order of the file, read as a stream."""
    rows: Iterable[RejectedRow] = RejectedRow.objects.filter(run=run).order_by("line").iterator(_CHUNK)
    for row in rows:
        yield Reject(row.line, row.code, row.message, json.loads(row.cells))


def finish_run(run: ImportRun) -> None:
    """Close the run. Its counts stay; the rejected rows, which may hold personal data, are deleted."""
    RejectedRow.objects.filter(run=run).delete()
    ImportRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
