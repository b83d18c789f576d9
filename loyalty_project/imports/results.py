"""Results of rows: each row is created, updated, unchanged or rejected."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, TypeVar

from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice

Read = TypeVar("Read")
# Lines that the summary of a run names for each kind of error and warning.
FIRST_LINES: Final = 3


class RowStatus(StrEnum):
    """Status of a row, in the order of the summary."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class RowResult:
    """Result of a row: its code and a sentence on the reason (`detail`) if it was rejected, else its warnings.

    `record_id` is the record that the row created, in imports that can be undone.
    """

    fate: RowStatus
    code: CodeTable | None = None
    warnings: Iterable[Notice] = ()
    detail: str = ""
    record_id: int | None = None


def rejected(code: CodeTable, detail: str = "") -> RowResult:
    """The result of a row that is rejected with this code."""
    return RowResult(RowStatus.REJECTED, code, detail=detail)


def refused(error: LoyaltyError) -> RowResult:
    """The result of a row that is rejected with this error."""
    return rejected(error.code, error.detail)


def work_sound(
    rows: Sequence[Read | LoyaltyError],
    work: Callable[[Sequence[Read]], Iterable[RowResult]] | Callable[[Sequence[Read]], Iterable[RowStatus | LoyaltyError]],
) -> list[RowResult]:
    """A result for each row, in order: readable rows are processed together, the others are rejected with their code.

    What `work` returns for a row may also be its mere status, or its refusal.
    """
    worked = iter(work([row for row in rows if not isinstance(row, LoyaltyError)]))
    return [_result_of(row if isinstance(row, LoyaltyError) else next(worked)) for row in rows]


def _result_of(outcome: RowResult | RowStatus | LoyaltyError) -> RowResult:
    match outcome:
        case LoyaltyError():
            return refused(outcome)
        case RowStatus():
            return RowResult(outcome)
        case _:
            return outcome


@dataclass(frozen=True, slots=True)
class Occurrences:
    """How often something occurred, and the first lines on which it did."""

    count: int = 0
    lines: tuple[int, ...] = ()

    def plus(self, line: int) -> "Occurrences":
        """The same with one more, on this line."""
        return Occurrences(self.count + 1, self.lines if len(self.lines) >= FIRST_LINES else (*self.lines, line))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Number of rows by status; warnings and errors by code and sentence."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warnings: Mapping[str, Occurrences] = field(default_factory=dict)
    errors: Mapping[str, Occurrences] = field(default_factory=dict)

    def plus(self, results: Iterable[tuple[int, RowResult]]) -> "Tally":
        """The tally with these results of lines added."""
        fates = {fate.value: getattr(self, fate.value) for fate in RowStatus}
        warnings, errors = dict(self.warnings), dict(self.errors)
        for line, result in results:
            fates[result.fate.value] += 1
            if result.code is not None:
                _count(errors, f"{int(result.code)} {result.code.sentence}", line)
            for notice in result.warnings:
                _count(warnings, f"{int(notice.code)} {notice.text}", line)
        return replace(self, **fates, warnings=warnings, errors=errors)

    def __str__(self) -> str:
        """The summary of an import, for example `created=3 updated=0 unchanged=1 rejected=2`."""
        return " ".join(f"{fate.value}={getattr(self, fate.value)}" for fate in RowStatus)


def _count(occurrences: dict[str, Occurrences], kind: str, line: int) -> None:
    occurrences[kind] = occurrences.get(kind, Occurrences()).plus(line)


def kinds_of(name: str, occurrences: Mapping[str, Occurrences]) -> list[str]:
    """A line of text for each kind, by code: "Warning 91003 Validation failed (2 times, lines 3 and 5)"."""
    return [
        f"{name} {kind} ({_times(found)})".lstrip()
        for kind, found in sorted(occurrences.items(), key=lambda item: _code(item[0]))
    ]


def _code(kind: str) -> tuple[int, str]:
    return int(kind.partition(" ")[0]), kind


def _times(found: Occurrences) -> str:
    times = "once" if found.count == 1 else f"{found.count} times"
    if not found.lines:
        return times
    lines = ", ".join(map(str, found.lines))
    more = ", ..." if found.count > len(found.lines) else ""
    return f"{times}, {'line' if len(found.lines) == 1 and not more else 'lines'} {lines}{more}"
