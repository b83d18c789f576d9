"""How is a batch worked? In order, each item in a transaction of its own, so that an error never stops the next item."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import Error, IntegrityError, OperationalError, transaction

from loyalty_project.api.codes import Code, Transport
from loyalty_project.api.errors import LoyaltyError, Notice
from loyalty_project.api.values import Item, has_unusable_text

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
_RETRIED = {"40P01", "40001"}
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What working one item gave: the body of its answer, the literal of success, and the warnings in order."""

    body: Mapping[str, Any]
    message: str
    code: Code = Code.DONE
    warnings: Sequence[Notice] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item of the answer, `item_status` included."""

    body: Mapping[str, Any]
    succeeded: bool


def succeeded(done: Done) -> Outcome:
    """The answer of an item that was done: the literal, then the warnings' texts (docs/protocol.md 1.5)."""
    message = ", ".join([done.message, *(notice.text for notice in done.warnings)])
    return Outcome(
        {**done.body, "item_status": _item_status(success=True, code=done.code, message=message, warnings=done.warnings)},
        succeeded=True,
    )


def failed(code: Code | Transport, echo: Mapping[str, Any]) -> Outcome:
    """The answer of an item that failed: what it named, and why."""
    return Outcome(
        {**echo, "item_status": _item_status(success=False, code=code, message=code.sentence, warnings=())}, succeeded=False
    )


def run_batch(
    items: Sequence[Item],
    work: Callable[[Item], Done],
    *,
    echo: Callable[[Item], Mapping[str, Any]],
    fallback: Code,
    constraints: Mapping[str, Code],
) -> list[Outcome]:
    """Work the items one after the other, each in its own transaction, and answer in their order.

    A deadlock or serialization failure repeats the whole item, at most five times. A lock that is not free in time is 521, a
    broken constraint the code that `constraints` gives its name, anything unexpected is logged and told as `fallback`.
    """
    return [_run_item(item, work, echo=echo, fallback=fallback, constraints=constraints) for item in items]


def _run_item(
    item: Item,
    work: Callable[[Item], Done],
    *,
    echo: Callable[[Item], Mapping[str, Any]],
    fallback: Code,
    constraints: Mapping[str, Code],
) -> Outcome:
    if not isinstance(item, dict) or has_unusable_text(item):
        return failed(Code.INVALID_INPUT, {})
    try:
        return succeeded(_attempt(lambda: work(item)))
    except LoyaltyError as error:
        return failed(error.code, echo(item))
    except IntegrityError as error:
        code = constraints.get(constraint_name(error) or "")
        if code is None:
            log.exception("item_failed", code=int(fallback))
        return failed(code or fallback, echo(item))
    except OperationalError as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            return failed(Transport.BUSY, echo(item))
        log.exception("item_failed", code=int(fallback))
        return failed(fallback, echo(item))
    except Exception:  # a bug in one item is logged and told; the other items of the batch are worked
        log.exception("item_failed", code=int(fallback))
        return failed(fallback, echo(item))


def _attempt(work: Callable[[], Done]) -> Done:
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


def is_repeated(error: Error) -> bool:
    """Whether the whole item is worked again after this error: a deadlock or a serialization failure."""
    return sqlstate(error) in _RETRIED


def sqlstate(error: Error) -> str:
    """PostgreSQL's code of a database error; empty when the server was not reached."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def constraint_name(error: IntegrityError) -> str | None:
    """The constraint that a write broke, by its name in the database."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return diagnostics.constraint_name if diagnostics else None


def _item_status(*, success: bool, code: Code | Transport, message: str, warnings: Sequence[Notice]) -> dict[str, Any]:
    return {
        "success": "true" if success else "false",
        "code": str(int(code)),
        "message": message,
        "warnings": {"warning": [str(int(notice.code)) for notice in warnings]},
    }
