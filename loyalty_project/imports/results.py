"""What became of the rows? Every row is exactly one of created, updated, unchanged and rejected."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

from loyalty_project.protocol.codes import CodeTable
from loyalty_project.protocol.errors import LoyaltyError, Notice

Read = TypeVar("Read")


class RowStatus(StrEnum):
    """What a row came to, in the order in which it is counted."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What one row came to: its code where it was rejected, the warnings where it was not."""

    fate: RowStatus
    code: CodeTable | None = None
    warnings: Iterable[Notice] = ()


def rejected(code: CodeTable) -> RowResult:
    """A row that was refused with this code."""
    return RowResult(RowStatus.REJECTED, code)


def work_sound(rows: Sequence[Read | LoyaltyError], work: Callable[[Sequence[Read]], Iterable[RowResult]]) -> list[RowResult]:
    """An outcome for each row, in order: those that could be read are worked together, the others rejected with their code."""
    worked = iter(work([row for row in rows if not isinstance(row, LoyaltyError)]))
    return [rejected(row.code) if isinstance(row, LoyaltyError) else next(worked) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many rows came to what, and how often each warning was given (by code and text)."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    warnings: Mapping[str, int] = field(default_factory=dict)

    def plus(self, outcomes: Iterable[RowResult]) -> "Tally":
        """The tally with these outcomes added."""
        outcomes = list(outcomes)
        fates = Counter(outcome.fate for outcome in outcomes)
        warnings = Counter(f"{int(notice.code)} {notice.text}" for outcome in outcomes for notice in outcome.warnings)
        return replace(
            self,
            **{fate.value: getattr(self, fate.value) + fates[fate] for fate in RowStatus},
            warnings={**self.warnings, **{text: self.warnings.get(text, 0) + count for text, count in warnings.items()}},
        )

    def __str__(self) -> str:
        """The last line of every import, for example `created=3 updated=0 unchanged=1 rejected=2`."""
        return " ".join(f"{fate.value}={getattr(self, fate.value)}" for fate in RowStatus)
