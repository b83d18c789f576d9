"""Results of rows: each row is created, updated, unchanged or rejected."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice

Read = TypeVar("Read")


class RowStatus(StrEnum):
    """Status of a row, in the order of the summary."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class RowResult:
    """Result of a row: its code if it was rejected, else its warnings."""

    fate: RowStatus
    code: CodeTable | None = None
    warnings: Iterable[Notice] = ()


def rejected(code: CodeTable) -> RowResult:
    """The result of a row that is rejected with this code."""
    return RowResult(RowStatus.REJECTED, code)


def work_sound(rows: Sequence[Read | LoyaltyError], work: Callable[[Sequence[Read]], Iterable[RowResult]]) -> list[RowResult]:
    """A result for each row, in order: readable rows are processed together, the others are rejected with their code."""
    worked = iter(work([row for row in rows if not isinstance(row, LoyaltyError)]))
    return [rejected(row.code) if isinstance(row, LoyaltyError) else next(worked) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Number of rows by status, and of warnings by code and text."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)

    def plus(self, results: Iterable[RowResult]) -> "Tally":
        """The tally with these results added."""
        results = list(results)
        fates = Counter(result.fate for result in results)
        warnings = Counter(f"{int(notice.code)} {notice.text}" for result in results for notice in result.warnings)
        return replace(
            self,
            **{fate.value: getattr(self, fate.value) + fates[fate] for fate in RowStatus},
            warnings={**self.warnings, **{text: self.warnings.get(text, 0) + count for text, count in warnings.items()}},
        )

    def __str__(self) -> str:
        """The summary of an import, for example `created=3 updated=0 unchanged=1 rejected=2`."""
        return " ".join(f"{fate.value}={getattr(self, fate.value)}" for fate in RowStatus)
