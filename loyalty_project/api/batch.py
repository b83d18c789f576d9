"""How is a batch worked? In order, each item in a transaction of its own, so that an error never stops the next item."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog
from django.db import IntegrityError, OperationalError, transaction

from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, is_repeated, sqlstate
from loyalty_project.faults import Point, reach
from loyalty_project.protocol.codes import TECHNICAL, Code, CodeTable, Transport
from loyalty_project.protocol.errors import CountedRefusalError, LoyaltyError, Notice
from loyalty_project.protocol.values import Item, has_unusable_text

log = structlog.get_logger(__name__)

_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What working one item gave: the body of its answer, the literal of success, and the warnings in order.

    `subject` is the id of the customer whom the body tells about, by which kept answers are found when that customer is erased.
    """

    body: Mapping[str, Any]
    message: str
    code: Code = Code.DONE
    warnings: Sequence[Notice] = field(default_factory=tuple)
    subject: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refused item that shows more than the identifiers it was asked by: the body of its answer, the code, the warnings."""

    body: Mapping[str, Any]
    code: CodeTable
    warnings: Sequence[Notice] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item of the answer, `item_status` included; `replayed` when it was worked by an earlier call."""

    body: Mapping[str, Any]
    succeeded: bool
    subject: int | None = None
    replayed: bool = False


def succeeded(done: Done) -> Outcome:
    """The answer of an item that was done: the literal, then the warnings' texts (docs/protocol.md 1.5)."""
    message = ", ".join([done.message, *(notice.text for notice in done.warnings)])
    return Outcome(
        {**done.body, "item_status": _item_status(success=True, code=done.code, message=message, warnings=done.warnings)},
        succeeded=True,
        subject=done.subject,
    )


def failed(code: CodeTable, echo: Mapping[str, Any], *, sentence: str = "", warnings: Sequence[Notice] = ()) -> Outcome:
    """The answer of an item that failed: what it named, and why, in the code's sentence where no other is given."""
    status = _item_status(success=False, code=code, message=sentence or code.sentence, warnings=warnings)
    return Outcome({**echo, "item_status": status}, succeeded=False)


class Once(Protocol):
    """What makes sure that the items of a call are worked once: it knows what they were answered (docs/protocol.md 1.10).

    Both methods are called in the item's transaction, so that claim, effect and answer are stored together or not at all.
    """

    def claim(self, position: int) -> Outcome | None:
        """Take the item at this position, once whoever works it now is done; its answer when it was worked before."""

    def keep(self, position: int, outcome: Outcome) -> None:
        """Remember what the claimed item is answered."""


def run_batch(
    items: Sequence[Item],
    work: Callable[[Item], Done],
    *,
    echo: Callable[[Item], Mapping[str, Any]],
    fallback: Code,
    constraints: Mapping[str, Code],
    once: Once | None = None,
) -> list[Outcome]:
    """Work the items one after the other, each in its own transaction, and answer in their order.

    A deadlock or serialization failure repeats the whole item, at most five times. A lock that is not free in time is 521, a
    broken constraint the code that `constraints` gives its name, anything unexpected is logged and told as `fallback`.
    With `once`, successes and refusals by a rule are kept and given again; technical failures leave no trace.
    """
    batch = _Batch(work=work, echo=echo, fallback=fallback, constraints=constraints, once=once)
    return [batch.answer(position, item) for position, item in enumerate(items)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    """How the items of one call are worked."""

    work: Callable[[Item], Done]
    echo: Callable[[Item], Mapping[str, Any]]
    fallback: Code
    constraints: Mapping[str, Code]
    once: Once | None

    def answer(self, position: int, item: Item) -> Outcome:
        """The item's answer, whatever happens to it."""
        reach(Point.BEFORE_KEY)
        try:
            outcome = _attempt(lambda: self._work_once(position, item))
        except (LoyaltyError, IntegrityError) as error:
            code = self._code_of(error)
            if code is None:
                log.exception("item_failed", code=int(self.fallback))
            return self._failed(code or self.fallback, item, sentence=_sentence(error))
        except OperationalError as error:
            if sqlstate(error) == _LOCK_NOT_AVAILABLE:
                return self._failed(Transport.BUSY, item)
            log.exception("item_failed", code=int(self.fallback))
            return self._failed(self.fallback, item)
        except Exception:  # a bug in one item is logged and told; the other items of the batch are worked
            log.exception("item_failed", code=int(self.fallback))
            return self._failed(self.fallback, item)
        reach(Point.AFTER_COMMIT)
        return outcome

    def _work_once(self, position: int, item: Item) -> Outcome:
        """What happens in the item's transaction."""
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
        """The answer that is to be kept: a refusal undoes what was done, but not the claim. Raises what is not to be kept."""
        try:
            with transaction.atomic():
                return self._work(item)
        except (LoyaltyError, IntegrityError) as error:
            code = self._code_of(error)
            if code is None or code in TECHNICAL:
                raise
            return self._failed(code, item, sentence=_sentence(error))

    def _work(self, item: Item) -> Outcome:
        if not _is_readable(item):
            raise LoyaltyError(Code.INVALID_INPUT)
        try:
            return succeeded(self.work(item))
        except CountedRefusalError as refusal:
            # Answered without an exception, so that the transaction keeps what was counted.
            return self._failed(refusal.code, item, sentence=refusal.sentence)

    def _code_of(self, error: LoyaltyError | IntegrityError) -> CodeTable | None:
        """The code of a refusal; None for a constraint that nobody foresaw to break."""
        if isinstance(error, LoyaltyError):
            return error.code
        return self.constraints.get(constraint_name(error) or "")

    def _failed(self, code: CodeTable, item: Item, *, sentence: str = "") -> Outcome:
        return failed(code, self.echo(item) if _is_readable(item) else {}, sentence=sentence)


def _sentence(error: Exception) -> str:
    return error.sentence if isinstance(error, LoyaltyError) else ""


def _is_readable(item: Item) -> bool:
    return isinstance(item, dict) and not has_unusable_text(item)


def _attempt(work: Callable[[], Outcome]) -> Outcome:
    attempt = 0
    while True:
        attempt += 1
        try:
            with transaction.atomic():
                return work()
        except OperationalError as error:
            if not is_repeated(error) or attempt == MAX_ATTEMPTS:
                raise
            log.warning("item_repeated", attempt=attempt, sqlstate=sqlstate(error))


def _item_status(*, success: bool, code: CodeTable, message: str, warnings: Sequence[Notice]) -> dict[str, Any]:
    return {
        "success": "true" if success else "false",
        "code": str(int(code)),
        "message": message,
        "warnings": {"warning": [str(int(notice.code)) for notice in warnings]},
    }
