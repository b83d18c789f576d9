"""Batches: items worked in order, each as if in a transaction of its own, so that an error never stops the next item.

Items that may share their statements are worked together, in one transaction. If one of them breaks it, all are undone, and
halves are worked, until the item that breaks is alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import structlog
from django.db import Error, IntegrityError, InterfaceError, OperationalError, transaction

from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, is_database_away, is_repeated, sqlstate
from loyalty_project.db.gathering import written_together
from loyalty_project.db.request_time import OutOfTimeError, request_time
from loyalty_project.db.savepoints import Steps, UnconfinedError
from loyalty_project.faults import Point, reach
from loyalty_project.protocol.codes import TECHNICAL, Code, CodeTable, Transport
from loyalty_project.protocol.errors import ApartError, CountedRefusalError, LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome, failed, succeeded
from loyalty_project.protocol.values import Item, has_unusable_text

log = structlog.get_logger(__name__)

_LOCK_NOT_AVAILABLE = "55P03"

Whose = Callable[[Item], int | None]
# Works several items as one after the other would, in their transaction: a result for each, in order. A refused item is its
# `LoyaltyError` and leaves no trace. Raises `ApartError` for items that must be worked alone.
Together = Callable[[Sequence[Item]], Sequence[Done | LoyaltyError]]
_Result = TypeVar("_Result")


def nobodys(_item: Item) -> None:
    """The subject of refusals that are about no known customer."""


class Once(Protocol):
    """Stored outcomes of a call's items, so that each item is worked once (docs/protocol.md 1.10).

    Both methods run in the item's transaction: claim, effect and outcome are stored together or not at all.
    """

    def claim(self, position: int) -> Outcome | None:
        """Claim the item, after waiting for another transaction that holds it. Its outcome if it was worked before."""

    def keep(self, position: int, outcome: Outcome) -> None:
        """Store the outcome of a claimed item."""


def run_batch(
    items: Sequence[Item],
    work: Callable[[Item], Done],
    *,
    echo: Callable[[Item], Mapping[str, Any]],
    fallback: CodeTable,
    constraints: Mapping[str, CodeTable],
    once: Once | None = None,
    whose: Whose = nobodys,
    together: Together | None = None,
) -> list[Outcome]:
    """Outcomes of the items, in their order, each worked in its own transaction, or several in one (`together`).

    A deadlock or serialization failure repeats the whole item, at most five times. A lock that is not free in time is 521.
    Once the request has used its time, the items that are left are 521 as well, without work (`db.request_time`).
    A violated constraint is the code that `constraints` gives its name. Anything unexpected is logged and is `fallback`.
    A database that cannot be reached is raised; if items before were stored, the items that are left get `fallback` instead.
    With `once`, successes and refusals by a rule are stored and given again; technical failures leave no trace.
    `whose` gives the id of the customer of a refused item, so that its stored answer is found when that customer is
    erased. It is asked only if the answer is stored, in the item's transaction, after the effect was undone. To keep the answer
    from being stored behind an erasure it locks the customer. It raises no `LoyaltyError`.
    `together` works several items as one set; with `once`, which claims each item by itself, items are worked one by one.
    """
    batch = _Batch(
        items=items,
        work=work,
        echo=echo,
        fallback=fallback,
        constraints=constraints,
        once=once,
        whose=whose,
        together=None if once else together,
    )
    limit = request_time()
    outcomes: list[Outcome] = []
    left = batch.pieces(range(len(items)))
    while left:
        piece = left.pop(0)
        if limit is not None and limit.is_over:
            log.warning("request_out_of_time", items=len(items), answered=len(outcomes))
            return [*outcomes, *(batch.failed(Transport.BUSY, item) for item in items[len(outcomes) :])]
        try:
            if len(piece) == 1:
                outcomes.append(batch.outcome(piece[0], items[piece[0]]))
                continue
            worked = batch.outcomes(piece)
        except (OperationalError, InterfaceError):
            if not any(outcome.succeeded for outcome in outcomes):
                raise
            log.exception("database_away", worked=len(outcomes), left=len(items) - len(outcomes))
            return [*outcomes, *(batch.failed(fallback, item) for item in items[len(outcomes) :])]
        outcomes += worked.outcomes
        left = [*worked.left, *left]
    return outcomes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Worked:
    """Result of a set of items: the outcomes of all of them, or the pieces that are left of them."""

    outcomes: Sequence[Outcome] = ()
    left: Sequence[range] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """The items of a call, and the parameters that they share."""

    items: Sequence[Item]
    work: Callable[[Item], Done]
    echo: Callable[[Item], Mapping[str, Any]]
    fallback: CodeTable
    constraints: Mapping[str, CodeTable]
    once: Once | None
    whose: Whose
    together: Together | None

    def pieces(self, positions: range) -> list[range]:
        """The items that are worked at once: all of them, or each alone."""
        if self.together and len(positions) > 1 and all(_is_readable(self.items[position]) for position in positions):
            return [positions]
        return _each(positions)

    def outcomes(self, piece: range) -> _Worked:
        """The outcomes of a set of items; if they cannot be worked together, nothing of them stays."""
        reach(Point.BEFORE_KEY)
        try:
            worked = _attempt(lambda: self._work_together(piece))
        except ApartError as apart:
            return _Worked(left=_around(piece, apart.indices))
        except OutOfTimeError:
            return _Worked(outcomes=[self.failed(Transport.BUSY, self.items[position]) for position in piece])
        except Exception as error:  # it is met again, and answered or logged, with the item that causes it
            if isinstance(error, OperationalError | InterfaceError) and is_database_away(error):
                raise
            log.info("items_divided", items=len(piece), error=type(error).__name__)
            if isinstance(error, OperationalError) and sqlstate(error) == _LOCK_NOT_AVAILABLE:
                # Each piece with the item that waits would wait as long again.
                return _Worked(left=_each(piece))
            middle = piece.start + len(piece) // 2
            return _Worked(left=[range(piece.start, middle), range(middle, piece.stop)])
        reach(Point.AFTER_COMMIT)
        return _Worked(outcomes=worked)

    def _work_together(self, piece: range) -> list[Outcome]:
        """The body of the transaction of a set of items."""
        assert self.together is not None  # noqa: S101 - `pieces` makes sets only with it
        items = [self.items[position] for position in piece]
        results = self.together(items)
        reach(Point.AFTER_EFFECT)
        outcomes = [
            succeeded(result) if isinstance(result, Done) else self.failed(result.code, item, sentence=result.sentence)
            for item, result in zip(items, results, strict=True)
        ]
        reach(Point.BEFORE_COMMIT)
        return outcomes

    def outcome(self, position: int, item: Item) -> Outcome:
        """The item's outcome, whatever happens to it."""
        reach(Point.BEFORE_KEY)
        try:
            outcome = _attempt(lambda: self._work_once(position, item))
        except (LoyaltyError, IntegrityError) as error:
            code = self._code_of(error)
            if code is None:
                log.exception("item_failed", code=int(self.fallback))
            return self.failed(code or self.fallback, item, sentence=_sentence(error))
        except OutOfTimeError:
            return self.failed(Transport.BUSY, item)
        except (OperationalError, InterfaceError) as error:
            if sqlstate(error) == _LOCK_NOT_AVAILABLE:
                return self.failed(Transport.BUSY, item)
            if is_database_away(error):
                raise
            log.exception("item_failed", code=int(self.fallback))
            return self.failed(self.fallback, item)
        except Exception:  # a bug in an item is logged; the other items of the batch are worked
            log.exception("item_failed", code=int(self.fallback))
            return self.failed(self.fallback, item)
        reach(Point.AFTER_COMMIT)
        return outcome

    def _work_once(self, position: int, item: Item) -> Outcome:
        """The body of the item's transaction."""
        if self.once is None:
            outcome = self._work(item)
            reach(Point.AFTER_EFFECT)
        else:
            kept = self.once.claim(position)
            if kept is not None:
                return kept
            reach(Point.AFTER_KEY)
            outcome = self._work_claimed(item)
            reach(Point.AFTER_EFFECT)
            self.once.keep(position, outcome)
        reach(Point.BEFORE_COMMIT)
        return outcome

    def _work_claimed(self, item: Item) -> Outcome:
        """The outcome to store: a refusal undoes the effect, but not the claim. Raises failures that are not stored."""
        try:
            with transaction.atomic():
                return self._work(item)
        except (LoyaltyError, IntegrityError) as error:
            code = self._code_of(error)
            if code is None or code in TECHNICAL:
                raise
            return self._refused(code, item, sentence=_sentence(error))

    def _work(self, item: Item) -> Outcome:
        if not _is_readable(item):
            raise LoyaltyError(Code.INVALID_INPUT)
        try:
            return succeeded(self.work(item))
        except CountedRefusalError as refusal:
            # Returned without an exception, so that the transaction keeps what was counted.
            return self._refused(refusal.code, item, sentence=refusal.sentence)

    def _code_of(self, error: LoyaltyError | IntegrityError) -> CodeTable | None:
        """The code of a refusal; None for a constraint that is not in `constraints`."""
        if isinstance(error, LoyaltyError):
            return error.code
        return self.constraints.get(constraint_name(error) or "")

    def _refused(self, code: CodeTable, item: Item, *, sentence: str) -> Outcome:
        """The outcome of an item that a rule refused, to be stored if answers are."""
        subject = self.whose(item) if self.once is not None and _is_readable(item) else None
        return self.failed(code, item, sentence=sentence, subject=subject)

    def failed(self, code: CodeTable, item: Item, *, sentence: str = "", subject: int | None = None) -> Outcome:
        """The outcome of an item that failed with `code`."""
        return failed(code, self.echo(item) if _is_readable(item) else {}, sentence=sentence, subject=subject)


def _sentence(error: Exception) -> str:
    return error.sentence if isinstance(error, LoyaltyError) else ""


def _each(positions: range) -> list[range]:
    return [range(position, position + 1) for position in positions]


def _around(piece: range, indices: Sequence[int]) -> list[range]:
    """The items at `indices` of a set, each alone, and the sets between them, in order."""
    pieces: list[range] = []
    begun = piece.start
    for index in indices:
        at = piece.start + index
        pieces += [range(begun, at), range(at, at + 1)]
        begun = at + 1
    return [part for part in (*pieces, range(begun, piece.stop)) if part]


def _is_readable(item: Item) -> bool:
    return isinstance(item, dict) and not has_unusable_text(item)


def _attempt(work: Callable[[], _Result]) -> _Result:
    """The result of work in a transaction of its own, whose rows are written together.

    Deadlocks and serialization failures repeat it. So does an error that a savepoint may confine (`db.savepoints`), once.
    """
    attempt = 1
    steps = Steps()
    while True:
        try:
            with transaction.atomic(), steps.taken(), written_together(in_order=True):
                return work()
        except UnconfinedError:
            steps.has_savepoints = True
        except Error as error:
            if is_repeated(error) and attempt < MAX_ATTEMPTS:
                log.warning("item_repeated", attempt=attempt, sqlstate=sqlstate(error))
                attempt += 1
            elif steps.were_taken and not steps.has_savepoints and not is_database_away(error):
                # The rows of a step may have been written with those of others.
                steps.has_savepoints = True
            else:
                raise
