"""Results: a row for each measurement, as a text table and as JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a row's compared figure must reach: at least, or at most if `is_most`, so many `unit`."""

    value: float
    unit: str = "x"
    is_most: bool = False

    def __str__(self) -> str:
        return f"{'<=' if self.is_most else '>='} {self.value:g} {self.unit}"

    def verdict(self, figure: float) -> str:
        """`pass`, or by how much the figure falls short."""
        missing = figure - self.value if self.is_most else self.value - figure
        return "pass" if missing <= 0 else f"falls short by {_written(missing)} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row: the figures of every round, the product's and the yardstick's in turn.

    `unit` is that of the figures. What is compared with the target is the product's share of the yardstick, or the difference
    if `is_difference`; with a `shortfall` the row falls short whatever that is. `floor` is the figure below which the yardstick
    is not valid: the machine was busy. `more` are further figures for the JSON.
    """

    name: str
    unit: str
    ours: Sequence[float] = ()
    yardstick: Sequence[float] = ()
    target: Target | None = None
    is_difference: bool = False
    shortfall: str = ""
    floor: float = 0.0
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def compared(self) -> float | None:
        """The median of ours as a share of the yardstick's, or less the yardstick's; None if either is missing."""
        if not self.ours or not self.yardstick:
            return None
        ours, yardstick = median(self.ours), median(self.yardstick)
        return ours - yardstick if self.is_difference else ours / yardstick

    @property
    def verdict(self) -> str:
        """`pass` or `falls short by ...`; "" without a target."""
        if self.target is None or self.compared is None:
            return ""
        return f"falls short: {self.shortfall}" if self.shortfall else self.target.verdict(self.compared)

    @property
    def problem(self) -> str:
        """The reason why the row is not valid: its yardstick was below its floor; "" otherwise."""
        if not self.yardstick or (figure := median(self.yardstick)) >= self.floor:
            return ""
        return f"{self.name}: the yardstick made {figure:,.0f} {self.unit}, expected {self.floor:,.0f} at the least"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


_COLUMNS: Final = ("row", "unit", "yardstick", "ours", "ratio", "target", "", "note")
_NUMBERS: Final = range(2, 5)


def as_table(results: Sequence[Result]) -> str:
    """The rows as text, in columns."""
    lines = [_COLUMNS, *(_cells(result) for result in results)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The rows as JSON values: medians and the figure of every round."""
    return [
        {
            "row": result.name,
            "unit": result.unit,
            "yardstick": _side(result.yardstick),
            "ours": _side(result.ours),
            "difference" if result.is_difference else "ratio": None if result.compared is None else round(result.compared, 4),
            "target": None if result.target is None else str(result.target),
            "verdict": result.verdict,
            "problem": result.problem,
            "note": result.note,
            **result.more,
        }
        for result in results
    ]


def _cells(result: Result) -> tuple[str, ...]:
    figures = [_written(median(side)) if side else "" for side in (result.yardstick, result.ours)]
    unit = result.unit if result.is_difference else "x"
    compared = "" if result.compared is None else f"{_written(result.compared)} {unit}"
    return (result.name, result.unit, *figures, compared, str(result.target or ""), result.verdict, result.note)


def _written(figure: float) -> str:
    """The figure with at least three digits that count, as far as there are so many."""
    for digits in range(3):
        if abs(figure) >= 10 ** (2 - digits):
            return f"{figure:,.{digits}f}"
    return f"{figure:.3f}"


def _side(figures: Sequence[float]) -> dict[str, Any] | None:
    return {"median": round(median(figures), 4), "rounds": [round(figure, 4) for figure in figures]} if figures else None
