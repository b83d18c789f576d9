"""Processing of a batch of rows in one transaction: repeated after a deadlock, without the rows that break it.

A row breaks by a bug or by a constraint alone; what an import refuses is a result. The rows that break a batch are found by
halving it: one of 1,000 costs about 20 savepoints.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.db import DataError, Error, IntegrityError, OperationalError, connection, transaction

from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, sqlstate
from loyalty_project.faults import Point, reach
from loyalty_project.imports.cells import Values
from loyalty_project.imports.columns import IDENTIFIERS
from loyalty_project.imports.reading import Row
from loyalty_project.imports.results import RowResult, rejected
from loyalty_project.protocol.codes import Code, CodeTable

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
    in a transaction, and again with the same rows if that is rolled back. `prepare` is called before that transaction with the
    number of rows, but in no dry run: for what tills must not wait for. `constraints` has the code of each broken constraint
    by name, `fallback` is the code of unexpected errors. In the columns `free_text`, quoted cells may hold line breaks; the
    columns `codes` name something by letters and digits: a row is refused if a spreadsheet has changed them. Rows that follow
    each other and have the same value of `together` are processed in one batch.
    """

    work: Work
    constraints: Mapping[str, CodeTable]
    fallback: Code
    prepare: Callable[[int], None] | None = None
    free_text: Collection[str] = ()
    codes: Collection[str] = IDENTIFIERS
    together: Callable[[Values], object] | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row before it is processed: its values, or the `problem` for which it is rejected (400)."""

    row: Row
    values: Values
    problem: str


def in_batches(
    rows: Iterable[Prepared], size: int, *, together: Callable[[Values], object] | None = None
) -> Iterator[list[Prepared]]:
    """The rows in lists of `size`; shorter ones at the end and if the bytes would be too many.

    Longer ones end with the last row that has the same value of `together` as the one before it.
    """
    batch: list[Prepared] = []
    held = 0
    for prepared in rows:
        if together and len(batch) >= size and together(prepared.values) != together(batch[-1].values):
            yield batch
            batch, held = [], 0
        batch.append(prepared)
        held += len(prepared.row.raw)
        if (not together and len(batch) == size) or held >= _LARGEST_BATCH:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def work_batch(
    batch: Sequence[Prepared], worker: Worker, *, store: Callable[[Sequence[RowResult]], None]
) -> Sequence[RowResult]:
    """Process the rows in one transaction, which ends with `store(results)`; return the results.

    A deadlock, a serialization failure or a lock that is not free repeats the work; the batch is given up at the fifth of these
    errors. After another error the rows that cause it are found and rejected, and the others are processed together as if the
    file did not have them. Raises `django.db.Error` if the database fails.
    """
    work = _BatchWork(batch, worker, store)
    results = work.together() or work.in_pieces() or work.together() or work.in_pieces(is_last=True)
    if results is None:
        raise AssertionError("unreachable: the last pieces are kept")
    reach(Point.BATCH_COMMITTED)
    return results


@dataclass(slots=True)
class _BatchWork:
    """The work on one batch. `broken` has the results of rows that are rejected before the others are processed, by index."""

    batch: Sequence[Prepared]
    worker: Worker
    store: Callable[[Sequence[RowResult]], None]
    broken: dict[int, RowResult] = field(init=False)
    failures: int = 0

    def __post_init__(self) -> None:
        unreadable = ((index, prepared.problem) for index, prepared in enumerate(self.batch) if prepared.problem)
        self.broken = {index: rejected(Code.INVALID_INPUT, problem) for index, problem in unreadable}

    def together(self) -> Sequence[RowResult] | None:
        """The results of all rows that are not broken, processed at once; None if they break."""
        try:
            return self._repeated(lambda: self._stored(self._work(self._sound)))
        except Exception as error:
            if _stops(error):
                raise
            # The error is met again, and reported, with the row that causes it.
            log.warning("batch_divided", line=self.batch[0].row.line, error=type(error).__name__)
            return None

    def in_pieces(self, *, is_last: bool = False) -> Sequence[RowResult] | None:
        """The results of the rows, processed in pieces that do not break. None if a row broke alone, unless it `is_last`.

        Then everything is rolled back: rows of a customer are processed in the order of their time only if they are together.
        """

        def work() -> Sequence[RowResult] | None:
            known = len(self.broken)
            worked: dict[int, RowResult] = {}
            halve(self._sound, lambda piece: self._works(piece, worked))
            if len(self.broken) == known or is_last:
                return self._stored(worked)
            transaction.set_rollback(True)
            return None

        return self._repeated(work)

    @property
    def _sound(self) -> list[int]:
        return [index for index in range(len(self.batch)) if index not in self.broken]

    def _work(self, indexes: Sequence[int]) -> dict[int, RowResult]:
        if not indexes:
            return {}
        return dict(zip(indexes, self.worker.work([self.batch[index].values for index in indexes]), strict=True))

    def _works(self, piece: Sequence[int], worked: dict[int, RowResult]) -> bool:
        """Process the piece in a savepoint and add its results. If it breaks, that is False, and a single row is broken."""
        try:
            with transaction.atomic():
                results = self._work(piece)
                # Otherwise foreign keys are checked at the commit, where the failing row is unknown.
                connection.check_constraints()
        except Exception as error:
            if _stops(error):
                raise
            if len(piece) == 1:
                self.broken[piece[0]] = self._blame(self.batch[piece[0]].row.line, error)
            return False
        worked.update(results)
        return True

    def _blame(self, line: int, error: Exception) -> RowResult:
        code = self.worker.constraints.get(constraint_name(error) or "") if isinstance(error, IntegrityError) else None
        if code is not None:
            return rejected(code, _MET_ANOTHER)
        # A bug in one row is logged and reported; the other rows of the file are processed.
        log.error("row_failed", line=line, code=int(self.worker.fallback), exc_info=error)
        return rejected(self.worker.fallback, _UNEXPECTED)

    def _stored(self, worked: Mapping[int, RowResult]) -> Sequence[RowResult]:
        results = [self.broken.get(index) or worked[index] for index in range(len(self.batch))]
        self.store(results)
        return results

    def _repeated(self, work: Callable[[], Sequence[RowResult] | None]) -> Sequence[RowResult] | None:
        """Do the work in a transaction; repeat it after a conflict. All work on the batch has `MAX_ATTEMPTS` in common.

        A lock that is not free costs a batch at most five waits, whatever the number of its pieces.
        """
        while True:
            try:
                with transaction.atomic():
                    return work()
            except OperationalError as error:
                self.failures += 1
                if not may_succeed_later(error) or self.failures == MAX_ATTEMPTS:
                    raise
                log.warning("batch_repeated", attempt=self.failures, sqlstate=sqlstate(error))


def halve(rows: Sequence[int], works: Callable[[Sequence[int]], bool]) -> None:
    """Call `works` with pieces of the rows, in order, until each row was in a piece that worked or broke alone.

    All rows together are known to break. A piece that breaks is halved. If its first half works, the second half is known to
    break and halved at once. After a row that broke alone the pieces begin with one row and double. So k breaking rows of n
    take at most about 2k log2(n) calls, and n + log2(n) if all break.
    """
    start, suspect, size = 0, len(rows), 1
    while start < len(rows):
        stop = start + (suspect - start + 1) // 2 if start < suspect else min(start + size, len(rows))
        if works(rows[start:stop]):
            start, size = stop, 2 * (stop - start)
        elif stop - start == 1:
            start, suspect, size = stop, stop, 1
        else:
            suspect = stop


def _stops(error: Exception) -> bool:
    """True if the error is about the database, not about a row."""
    return isinstance(error, Error) and not isinstance(error, IntegrityError | DataError)


def may_succeed_later(error: Error) -> bool:
    """True if the same work may succeed if it is repeated: a deadlock, a conflict or a lock that was not free."""
    return sqlstate(error) in _REPEATED
