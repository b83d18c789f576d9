"""Work on a file: its columns, and its rows in batches; the same for commands and for files of the back office."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeAlias

from loyalty_project.db.locks import hold_name, most_values
from loyalty_project.imports.batches import Prepared, Worker, in_batches
from loyalty_project.imports.columns import (
    IDENTIFIERS,
    ColumnsError,
    Header,
    general_detail,
    header_of,
    mapped_header,
    read_header_row,
)
from loyalty_project.imports.lines import Position
from loyalty_project.imports.reading import Row, RowReader
from loyalty_project.imports.rejects import Reject
from loyalty_project.imports.results import RowResult, Tally
from loyalty_project.imports.shapes import foreign_header
from loyalty_project.imports.sources import UnreadableFileError
from organizations.imports.progress import RunProgress
from organizations.imports.runs import RunKey

# The worker for rows of a file with these columns. Raises `ColumnsError`.
OpenWorker: TypeAlias = Callable[[Sequence[str]], Worker]
# Called after each batch with the position reached and the results so far.
Report: TypeAlias = Callable[[Position, Tally], None]
# Measured: larger batches are hardly faster, and a till that has a customer or an identifier of the batch waits for its end.
BATCH_SIZE: Final = 200
# Identifiers of a row, or the number of its bill: each is locked by its value.
_VALUES_OF_A_ROW: Final = len(IDENTIFIERS)
# The last statement of a process that was killed may run on for this long.
_PATIENCE: Final = 10.0


def open_columns(reader: RowReader, open_worker: OpenWorker) -> tuple[Header, Worker]:
    """The header of a file, and the worker for the rows below it.

    Raises `ColumnsError`, and `UnreadableFileError` for files in another shape.
    """
    row = read_header_row(reader)

    def opened(cells: Sequence[str]) -> tuple[Header, Worker]:
        header = header_of(cells)
        return header, open_worker(header.columns)

    def is_header(cells: Sequence[str]) -> bool:
        try:
            opened(cells)
        except ColumnsError:
            return False
        return True

    try:
        header, worker = opened(row.cells)
    except ColumnsError:
        if shape := foreign_header(row, reader, is_header=is_header):
            raise UnreadableFileError(shape) from None
        raise
    reader.columns, reader.free_text = [cell.strip() for cell in row.cells], worker.free_text
    return header, worker


def open_mapped_columns(reader: RowReader, open_worker: OpenWorker, columns: Sequence[str]) -> tuple[Header, Worker]:
    """The same for a file whose cells are these columns of ours, "" for cells that are left out, whatever its header says."""
    read_header_row(reader)
    header = mapped_header(columns)
    worker = open_worker(header.columns)
    reader.columns, reader.free_text = columns, worker.free_text
    return header, worker


def work_rows(
    progress: RunProgress,
    reader: RowReader,
    header: Header,
    worker: Worker,
    *,
    report: Report,
    batch_size: int,
) -> None:
    """Work the rows behind the position of the run. What `report` raises ends the work after a whole batch."""
    if progress.position != reader.position:
        reader.seek(progress.position)
    prepared = (_prepare(row, header, worker) for row in reader)
    for batch in in_batches(prepared, rows_of_a_batch(batch_size), together=worker.together):
        progress.work(batch, worker, partial(_rejects, header))
        report(batch[-1].row.end, progress.tally)


def rows_of_a_batch(wanted: int) -> int:
    """`wanted`, but no more than the server's lock table allows."""
    return min(wanted, max(1, most_values() // _VALUES_OF_A_ROW))


@contextmanager
def hold_import(key: RunKey) -> Iterator[bool]:
    """Keep the same import from running twice at once: False if it is running. A stream is never the same import."""
    if not key.sha256:
        yield True
        return
    with hold_name(f"import {key.name}", patience=_PATIENCE) as is_held:
        yield is_held


def _prepare(row: Row, header: Header, worker: Worker) -> Prepared:
    problem = header.problem(row)
    values = {} if problem else header.values(row)
    return Prepared(row, values, problem or header.damage(row, values, worker.codes))


def _rejects(header: Header, batch: Sequence[Prepared], results: Sequence[RowResult]) -> list[Reject]:
    return [
        Reject(
            line=prepared.row.line,
            code=int(result.code),
            message=result.code.sentence,
            detail=result.detail or general_detail(result.code, prepared.values),
            row=header.original(prepared.row),
        )
        for prepared, result in zip(batch, results, strict=True)
        if result.code is not None
    ]
