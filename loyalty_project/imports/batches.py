"""Processing of a batch of rows in one transaction: repeated after a deadlock, and row by row if one row fails."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import DataError, Error, IntegrityError, OperationalError, connection, transaction

from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, sqlstate
from loyalty_project.faults import Point, reach
from loyalty_project.imports.cells import Values
from loyalty_project.imports.columns import IDENTIFIERS
from loyalty_project.imports.reading import Row
from loyalty_project.imports.results import RowResult, rejected
from loyalty_project.protocol.codes import Code

log = structlog.get_logger(__name__)

# Deadlock, serialization failure, a lock that was not free in time: the same batch may succeed if it is repeated.
_REPEATED = {"40P01", "40001", "55P03"}
# Rows have very different lengths, so a batch has a limit in bytes as well.
_LARGEST_BATCH = 8 << 20
_MET_ANOTHER: Final = "the row met another change of the same record at the same moment; import it again"
_UNEXPECTED: Final = "the row failed unexpectedly; the log has the error beside the number of the line"

Work = Callable[[Sequence[Values]], Sequence[RowResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """How an import processes its rows.

    `work` returns a result for each row (its filled cells by column), in their order; later rows see earlier ones. It is called
    in a transaction, and again with the same rows if that is rolled back. `constraints` has the code of each broken constraint
    by name, `fallback` is the code of unexpected errors. In the columns `free_text`, quoted cells may hold line breaks; the
    columns `codes` name something by letters and digits: a row is refused if a spreadsheet has changed them.
    """

    work: Work
    constraints: Mapping[str, Code]
    fallback: Code
    free_text: Collection[str] = ()
    codes: Collection[str] = IDENTIFIERS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row before it is processed: its values, or the `problem` for which it is rejected (400)."""

    row: Row
    values: Values
    problem: str


def in_batches(rows: Iterable[Prepared], size: int) -> Iterator[list[Prepared]]:
    """The rows in lists of `size`; shorter ones at the end and if the bytes would be too many."""
    batch: list[Prepared] = []
    held = 0
    for prepared in rows:
        batch.append(prepared)
        held += len(prepared.row.raw)
        if len(batch) == size or held >= _LARGEST_BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def work_batch(
    batch: Sequence[Prepared], worker: Worker, *, store: Callable[[Sequence[RowResult]], None]
) -> Sequence[RowResult]:
    """Process the rows in one transaction, which ends with `store(results)`; return the results.

    A deadlock, a serialization failure or a lock that is not free repeats the batch, at most five times. After another error
    every row is processed in a savepoint of its own, so that only the failing one is rejected. Raises `django.db.Error` if the
    database fails.
    """
    try:
        return _repeat(lambda: _together(batch, worker, store))
    except Exception as error:
        if _stops(error):
            raise
        # The error is raised again for the row that causes it, and reported with that row.
        log.warning("batch_divided", line=batch[0].row.line, error=type(error).__name__)
        return _repeat(lambda: _one_by_one(batch, worker, store))


def _together(batch: Sequence[Prepared], worker: Worker, store: Callable[[Sequence[RowResult]], None]) -> Sequence[RowResult]:
    results = [rejected(Code.INVALID_INPUT, prepared.problem) for prepared in batch]
    sound = [index for index, prepared in enumerate(batch) if not prepared.problem]
    if sound:
        for index, result in zip(sound, worker.work([batch[index].values for index in sound]), strict=True):
            results[index] = result
    store(results)
    return results


def _one_by_one(batch: Sequence[Prepared], worker: Worker, store: Callable[[Sequence[RowResult]], None]) -> Sequence[RowResult]:
    results = [_alone(prepared, worker) for prepared in batch]
    store(results)
    return results


def _alone(prepared: Prepared, worker: Worker) -> RowResult:
    if prepared.problem:
        return rejected(Code.INVALID_INPUT, prepared.problem)
    try:
        with transaction.atomic():
            (result,) = worker.work([prepared.values])
            # Otherwise foreign keys are checked at the commit, where the failing row is unknown.
            connection.check_constraints()
            return result
    except IntegrityError as error:
        code = worker.constraints.get(constraint_name(error) or "")
        if code is None:
            log.exception("row_failed", line=prepared.row.line, code=int(worker.fallback))
        return rejected(code or worker.fallback, _MET_ANOTHER if code else _UNEXPECTED)
    except Exception as error:
        if _stops(error):
            raise
        # A bug in one row is logged and reported; the other rows of the file are processed.
        log.exception("row_failed", line=prepared.row.line, code=int(worker.fallback))
        return rejected(worker.fallback, _UNEXPECTED)


def _repeat(work: Callable[[], Sequence[RowResult]]) -> Sequence[RowResult]:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            with transaction.atomic():
                results = work()
        except OperationalError as error:
            if not may_succeed_later(error) or attempt == MAX_ATTEMPTS:
                raise
            log.warning("batch_repeated", attempt=attempt, sqlstate=sqlstate(error))
        else:
            reach(Point.BATCH_COMMITTED)
            return results
    raise AssertionError("unreachable")


def _stops(error: Exception) -> bool:
    """True if the error is about the database, not about a row."""
    return isinstance(error, Error) and not isinstance(error, IntegrityError | DataError)


def may_succeed_later(error: Error) -> bool:
    """True if the same work may succeed if it is repeated: a deadlock, a conflict or a lock that was not free."""
    return sqlstate(error) in _REPEATED
