"""Charts of the start page: data for the chart library of Unfold, and the same as a table."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext

from engagement.figures.periods import Period
from engagement.figures.reading import Figures, Sums
from engagement.numbers.display import format_points
from organizations.back_office.tables import Table, number, table

# Days of a bar: a longer period is shown by week.
_WEEKS_FROM: Final = 60
_GREY: Final = "#9ca3af"
TEAL: Final = "var(--color-primary-500)"
AMBER: Final = "#f59e0b"
ROSE: Final = "#f472b6"
SHADE: Final = "rgb(156 163 175 / 80%)"


@dataclass(frozen=True, slots=True)
class Series:
    """A line or bars of a chart, and a column of its table; None where there is no value."""

    label: str
    color: str
    value: Callable[[Sums], Decimal | int | None]
    kind: str = "bar"
    is_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: `data` and `options` as JSON for the library, `summary` in words, and the table."""

    title: str
    summary: str
    data: str
    options: str
    table: Table


def make_chart(title: str, summary: str, series: Sequence[Series], figures: Figures, *, unit: str = "") -> Chart:
    """The chart of the figures by day, or by week in long periods."""
    days = 7 if figures.period.days >= _WEEKS_FROM else 1
    parts = list(figures.period.parts(days))
    before = list(figures.period.before.parts(days))
    values = [[_plain(each.value(figures.of(part))) for part in (before if each.is_before else parts)] for each in series]
    labels = [_label(part) for part in parts]
    return Chart(
        title=title,
        summary=summary,
        data=json.dumps(
            {"labels": labels, "datasets": [_dataset(each, row) for each, row in zip(series, values, strict=True)]}
        ),
        options=json.dumps(_options(has_legend=len(series) > 1)),
        table=table(
            title,
            (gettext("Week") if days > 1 else gettext("Day"), *(number(f"{gettext(each.label)}{unit}") for each in series)),
            [
                (label, *(None if value is None else format_points(Decimal(str(value))) for value in row))
                for label, *row in zip(labels, *values, strict=True)
            ],
        ),
    )


def _plain(value: Decimal | int | None) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    rounded = float(value.quantize(Decimal("0.1"), ROUND_HALF_UP))
    return int(rounded) if rounded.is_integer() else rounded


def _label(part: Period) -> str:
    first = date_format(part.first_day, "j M")
    return first if part.days == 1 else f"{first} – {date_format(part.last_day, 'j M')}"


def _dataset(series: Series, values: Sequence[Any]) -> dict[str, Any]:
    look: dict[str, Any] = {"backgroundColor": series.color, "borderColor": series.color}
    if series.kind == "line":
        look |= {"borderWidth": 2, "pointRadius": 0, "pointHitRadius": 12, "spanGaps": True}
        if series.is_before:
            look |= {"borderDash": [4, 4]}
    else:
        look |= {"borderRadius": 3, "maxBarThickness": 18, "categoryPercentage": 0.75}
    return {"type": series.kind, "label": gettext(series.label), "data": list(values), **look}


def _options(*, has_legend: bool) -> dict[str, Any]:
    legend = {"color": _GREY, "usePointStyle": True, "boxWidth": 7, "boxHeight": 7}
    ticks = {"color": _GREY}
    return {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {"legend": {"display": has_legend, "align": "end", "labels": legend}},
        "scales": {
            "x": {"grid": {"display": False}, "ticks": {**ticks, "maxRotation": 0, "autoSkipPadding": 20}},
            "y": {
                "beginAtZero": True,
                "border": {"display": False},
                "ticks": {**ticks, "maxTicksLimit": 5, "precision": 0},
            },
        },
    }
