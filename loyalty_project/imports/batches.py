"""How is a batch of rows worked? In one transaction, repeated after a deadlock, and row by row where one row breaks it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog
from django.db import DataError, Error, IntegrityError, OperationalError, connection, transaction

from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, sqlstate
from loyalty_project.imports.reading import Row
from loyalty_project.imports.results import RowResult, rejected
from loyalty_project.protocol.codes import Code

log = structlog.get_logger(__name__)

# Deadlock, serialization failure, a lock that was not free in time: the same batch may succeed when it is worked again.
_REPEATED = {"40P01", "40001", "55P03"}
# Rows are of very different lengths: a batch is also ended by its bytes.
_LARGEST_BATCH = 8 << 20

Values = Mapping[str, str]
Work = Callable[[Sequence[Values]], Sequence[RowResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What an import does with its rows.

    `work` gives an outcome for each row (its filled cells by column), in their order, later rows seeing earlier ones. It is
    called in a transaction and may be called again with the same rows after that was rolled back. `constraints` gives the code
    of a broken constraint by its name, `fallback` that of anything unexpected.
    """

    work: Work
    constraints: Mapping[str, Code]
    fallback: Code


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row before it is worked: its values, or `problem`, for which it is rejected (400)."""

    row: Row
    values: Values
    problem: str


def in_batches(rows: Iterable[Prepared], size: int) -> Iterator[list[Prepared]]:
    """The rows in lists of `size`, the last one shorter, and any one shorter that would hold too many bytes."""
    batch: list[Prepared] = []
    held = 0
    for prepared in rows:
        batch.append(prepared)
        held += sum(map(len, prepared.row.cells))
        if len(batch) == size or held >= _LARGEST_BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def work_batch(
    batch: Sequence[Prepared], worker: Worker, *, store: Callable[[Sequence[RowResult]], None]
) -> Sequence[RowResult]:
    """Work the rows in one transaction, which ends with `store(outcomes)`; the outcomes.

    A deadlock, a serialization failure or a lock that is not free repeats the batch, at most five times. Where something else
    goes wrong, every row is worked in a savepoint of its own, so that only the one to blame is rejected. Raises
    `django.db.Error` when the database cannot go on.
    """
    try:
        return _repeat(lambda: _together(batch, worker, store))
    except Exception as error:
        if _stops(error):
            raise
        # Whatever it was, it comes again, and is told with its row.
        log.warning("batch_divided", line=batch[0].row.line, error=type(error).__name__)
        return _repeat(lambda: _one_by_one(batch, worker, store))


def _together(batch: Sequence[Prepared], worker: Worker, store: Callable[[Sequence[RowResult]], None]) -> Sequence[RowResult]:
    outcomes = [rejected(Code.INVALID_INPUT)] * len(batch)
    sound = [place for place, prepared in enumerate(batch) if not prepared.problem]
    if sound:
        for place, outcome in zip(sound, worker.work([batch[place].values for place in sound]), strict=True):
            outcomes[place] = outcome
    store(outcomes)
    return outcomes


def _one_by_one(batch: Sequence[Prepared], worker: Worker, store: Callable[[Sequence[RowResult]], None]) -> Sequence[RowResult]:
    outcomes = [_alone(prepared, worker) for prepared in batch]
    store(outcomes)
    return outcomes


def _alone(prepared: Prepared, worker: Worker) -> RowResult:
    if prepared.problem:
        return rejected(Code.INVALID_INPUT)
    try:
        with transaction.atomic():
            (outcome,) = worker.work([prepared.values])
            # Foreign keys are checked at the commit, when it is too late to tell which row broke one.
            connection.check_constraints()
            return outcome
    except IntegrityError as error:
        code = worker.constraints.get(constraint_name(error) or "")
        if code is None:
            log.exception("row_failed", line=prepared.row.line, code=int(worker.fallback))
        return rejected(code or worker.fallback)
    except Exception as error:
        if _stops(error):
            raise
        # A bug in one row is logged and told; the other rows of the file are worked.
        log.exception("row_failed", line=prepared.row.line, code=int(worker.fallback))
        return rejected(worker.fallback)


def _repeat(work: Callable[[], Sequence[RowResult]]) -> Sequence[RowResult]:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if not may_succeed_later(error) or attempt == MAX_ATTEMPTS:
                raise
            log.warning("batch_repeated", attempt=attempt, sqlstate=sqlstate(error))
    raise AssertionError("unreachable")


def _stops(error: Exception) -> bool:
    """Whether this is the database's trouble, not one of the rows'."""
    return isinstance(error, Error) and not isinstance(error, IntegrityError | DataError)


def may_succeed_later(error: Error) -> bool:
    """Whether the same work may succeed when it is done again: a deadlock, a conflict or a lock that somebody holds."""
    return sqlstate(error) in _REPEATED
