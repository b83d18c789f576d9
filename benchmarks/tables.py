"""Results: the product beside the yardstick, a row each, as a text table and as JSON."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a row: the rate of every run, and the seconds of every call if calls were timed."""

    rates: Sequence[float]
    latencies: Sequence[float] = ()

    @property
    def rate(self) -> float:
        """The median of the runs."""
        return median(self.rates)

    def milliseconds(self, share: float) -> float | None:
        """The latency that `share` of the calls do not exceed; None if calls were not timed."""
        return percentile(self.latencies, share) * 1000 if self.latencies else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One row. `unit` is that of the rates; `floor` the rate below which the yardstick is not valid."""

    name: str
    unit: str
    ours: Side | None = None
    yardstick: Side | None = None
    floor: float = 0.0
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The product's rate as a share of the yardstick's; None if one of them is missing."""
        return self.ours.rate / self.yardstick.rate if self.ours and self.yardstick else None

    @property
    def problem(self) -> str:
        """The reason why the row is not valid: its yardstick was below its floor; "" otherwise."""
        if self.yardstick is None or self.yardstick.rate >= self.floor:
            return ""
        return (
            f"{self.name}: the yardstick made {self.yardstick.rate:,.0f} {self.unit}, expected {self.floor:,.0f} at the least"
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


_COLUMNS = ("", "unit", "ours", "yardstick", "ratio", "ours p50/p95 ms", "yardstick p50/p95 ms", "")


def as_table(results: Sequence[Result]) -> str:
    """The rows as text, in columns."""
    lines = [_COLUMNS, *(_cells(one) for one in results)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if 2 <= place <= 6 else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """The rows as JSON values: medians, every run, percentiles in milliseconds."""
    return [
        {
            "name": one.name,
            "unit": one.unit,
            "ours": _side(one.ours),
            "yardstick": _side(one.yardstick),
            "ratio": None if one.ratio is None else round(one.ratio, 3),
            "floor": round(one.floor, 1),
            "note": one.note,
        }
        for one in results
    ]


def _cells(one: Result) -> tuple[str, ...]:
    ratio = "" if one.ratio is None else f"{one.ratio:.0%}"
    return (one.name, one.unit, _rate(one.ours), _rate(one.yardstick), ratio, _times(one.ours), _times(one.yardstick), one.note)


def _rate(side: Side | None) -> str:
    if side is None:
        return ""
    return f"{side.rate:,.0f}" if side.rate >= 100 else f"{side.rate:.1f}"


def _times(side: Side | None) -> str:
    if side is None or not side.latencies:
        return ""
    return f"{side.milliseconds(0.5):.1f} / {side.milliseconds(0.95):.1f}"


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "rate": round(side.rate, 1),
        "runs": [round(rate, 1) for rate in side.rates],
        "calls": len(side.latencies),
        "p50_ms": _rounded(side.milliseconds(0.5)),
        "p95_ms": _rounded(side.milliseconds(0.95)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
