"""Results of items: what was done or refused, and the outcome that the caller gets for it (docs/protocol.md 1.5)."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import ApartError, LoyaltyError, Notice

_Value = TypeVar("_Value")
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")
_Parameters = ParamSpec("_Parameters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Result of a successful item: the body of its answer, the literal of success, warnings in their order.

    `subject` is the id of the customer in the body. Stored answers are found by it when that customer is erased.
    """

    body: Mapping[str, Any]
    message: str
    code: CodeTable = Code.DONE
    warnings: Sequence[Notice] = ()
    subject: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Result of a refused item whose answer shows more than the identifiers it was asked by."""

    body: Mapping[str, Any]
    code: CodeTable
    warnings: Sequence[Notice] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """An item of the answer, `item_status` included. `replayed`: an earlier call did the work."""

    body: Mapping[str, Any]
    succeeded: bool
    subject: int | None = None
    replayed: bool = False


def succeeded(done: Done) -> Outcome:
    """Outcome of a successful item; its message is the literal, then the texts of the warnings."""
    message = ", ".join([done.message, *(notice.text for notice in done.warnings)])
    return Outcome(
        {**done.body, "item_status": _item_status(success=True, code=done.code, message=message, warnings=done.warnings)},
        succeeded=True,
        subject=done.subject,
    )


def failed(
    code: CodeTable,
    echo: Mapping[str, Any],
    *,
    sentence: str = "",
    warnings: Sequence[Notice] = (),
    subject: int | None = None,
) -> Outcome:
    """Outcome of a failed item: the identifiers in `echo`, and `sentence` or the code's own. `subject` is as in `Done`."""
    status = _item_status(success=False, code=code, message=sentence or code.sentence, warnings=warnings)
    return Outcome({**echo, "item_status": status}, succeeded=False, subject=subject)


def _item_status(*, success: bool, code: CodeTable, message: str, warnings: Sequence[Notice]) -> dict[str, Any]:
    return {
        "success": "true" if success else "false",
        "code": str(int(code)),
        "message": message,
        "warnings": {"warning": [str(int(notice.code)) for notice in warnings]},
    }


def unless_refused(
    read: Callable[_Parameters, _Result], *values: _Parameters.args, **options: _Parameters.kwargs
) -> _Result | LoyaltyError:
    """The result of the call, or the `LoyaltyError` that it raises: an item that is refused among others that are not."""
    try:
        return read(*values, **options)
    except LoyaltyError as refusal:
        return refusal


def work_sound(
    values: Sequence[_Value | LoyaltyError], work: Callable[[Sequence[_Value]], Sequence[_Result | LoyaltyError]]
) -> list[_Result | LoyaltyError]:
    """The results of `work` on the values that are not refused, with the refusals at their places. `ApartError` as `work`."""
    sound = [value for value in values if not isinstance(value, LoyaltyError)]
    try:
        results = iter(work(sound) if sound else ())
    except ApartError as apart:
        positions = [position for position, value in enumerate(values) if not isinstance(value, LoyaltyError)]
        raise ApartError(*(positions[index] for index in apart.indices)) from apart
    return [value if isinstance(value, LoyaltyError) else next(results) for value in values]


def repeated_at(values: Sequence[Hashable]) -> list[int]:
    """The positions of values that stand at an earlier position as well; None is no value."""
    first: dict[Hashable, int] = {}
    return [
        position for position, value in enumerate(values) if value is not None and first.setdefault(value, position) != position
    ]


def alone(together: Callable[[Sequence[_Item]], Sequence[Done | LoyaltyError]]) -> Callable[[_Item], Done]:
    """The function that works one item as `together` works several. Raises the item's refusal."""

    def work(item: _Item) -> Done:
        (result,) = together([item])
        if isinstance(result, LoyaltyError):
            raise result
        return result

    return work
