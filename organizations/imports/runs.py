"""Runs of imports: position, counts and rejected rows, written with each batch, so that a stopped import can continue."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loyalty_project import clock
from loyalty_project.db.rows import insert_rows
from loyalty_project.imports.lines import Position
from loyalty_project.imports.rejects import Reject, csv_line
from loyalty_project.imports.results import Occurrences, RowStatus, Tally
from organizations.audit.actors import Actor
from organizations.imports.models import CreatedRecord, ImportRun, RejectedRow
from organizations.tenancy.models import Organization

_LONGEST_NAME = 250
_CHUNK = 2000
# Records that undoing takes back in one transaction: a till that has one of them waits for its end. Longer lists are not kept.
MOST_UNDONE: Final = 5_000


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


def find_run(key: RunKey) -> ImportRun | None:
    """The unfinished run of this import. A file without checksum has none."""
    if not key.sha256:
        return None
    return ImportRun.objects.filter(command=key.command, sha256=key.sha256, options=key.options, finished_at=None).first()


def open_run(key: RunKey, filename: str, start: Position, *, by: Actor) -> ImportRun:
    """The unfinished run of this import, or a new one from `start`, which `by` has started."""
    run = find_run(key)
    if run is not None:
        return run
    return ImportRun.objects.create(
        organization=key.organization,
        command=key.command,
        filename=filename[-_LONGEST_NAME:],
        sha256=key.sha256,
        options=key.options,
        started_at=clock.now(),
        started_by=by.name,
        offset=start.offset,
        lines=start.lines,
    )


def position_of(run: ImportRun) -> Position:
    """Position after the last batch that was stored."""
    return Position(run.offset, run.lines)


def tally_of(run: ImportRun) -> Tally:
    """Results of the rows so far."""
    counts = {status.value: getattr(run, status.value) for status in RowStatus}
    return Tally(**counts, warnings=occurrences_of(run.warnings), errors=occurrences_of(run.errors))


def occurrences_of(stored: Mapping[str, Any]) -> dict[str, Occurrences]:
    """The warnings or errors of a run by code and sentence. Earlier versions stored counts without lines."""
    return {
        kind: Occurrences(found) if isinstance(found, int) else Occurrences(found[0], tuple(found[1]))
        for kind, found in stored.items()
    }


def stored_occurrences(occurrences: Mapping[str, Occurrences]) -> dict[str, Any]:
    """Warnings or errors as JSON: count and first lines by code and sentence."""
    return {kind: [found.count, list(found.lines)] for kind, found in occurrences.items()}


def store_batch(run: ImportRun, *, reached: Position, tally: Tally, rejects: Sequence[Reject], created: Sequence[int]) -> None:
    """Write the progress of the run, and the ids of the records that it `created`. Call it in the transaction of the batch."""
    _keep_created(run, created, count=tally.created)
    insert_rows(
        [
            RejectedRow(
                organization=run.organization,
                run=run,
                line=reject.line,
                code=reject.code,
                message=reject.message,
                detail=reject.detail,
                cells=json.dumps(reject.row),
            )
            for reject in rejects
        ]
    )
    counts = {status.value: getattr(tally, status.value) for status in RowStatus}
    ImportRun.objects.filter(pk=run.pk).update(
        offset=reached.offset,
        lines=reached.lines,
        warnings=stored_occurrences(tally.warnings),
        errors=stored_occurrences(tally.errors),
        **counts,
    )


def _keep_created(run: ImportRun, created: Sequence[int], *, count: int) -> None:
    """Keep the list of what the run created, `count` records so far, until there are too many to be undone."""
    if count <= MOST_UNDONE:
        insert_rows([CreatedRecord(organization=run.organization, run=run, record_id=pk) for pk in created])
    elif count - len(created) <= MOST_UNDONE:
        CreatedRecord.objects.filter(run=run).delete()


def rejects_of(run: ImportRun) -> Iterator[Reject]:
    """All rows that the run rejected, in the order of the file, read as a stream."""
    rows: Iterable[RejectedRow] = RejectedRow.objects.filter(run=run).order_by("line").iterator(_CHUNK)
    for row in rows:
        came = json.loads(row.cells)
        # Earlier versions stored the cells.
        yield Reject(row.line, row.code, row.message, row.detail, came if isinstance(came, str) else csv_line(came))


def finish_run(run: ImportRun) -> None:
    """Close the run. Its counts stay; the rejected rows, which may hold personal data, are deleted."""
    RejectedRow.objects.filter(run=run).delete()
    ImportRun.objects.filter(pk=run.pk).update(finished_at=clock.now())
