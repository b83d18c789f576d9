"""A ledger entry in plain words: its name in a few words, and how its points came about, step by step."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from engagement.numbers.display import format_money, format_points
from engagement.points.explanations import (
    ADJUSTMENT,
    OCCASION,
    REFERRAL,
    REFERRAL_BACK,
    TIER,
    WELCOME,
    describe_credit,
    explain,
)
from engagement.points.models import PointsEntry

Step = tuple[str, str]
Figures = Mapping[str, Any]
Kind = PointsEntry.Kind
_NAMES: Final[Mapping[str, str]] = {
    Kind.AWARD: "Earned",
    Kind.PROMISE: "Promised",
    Kind.RELEASE: "Promised points released",
    Kind.REDEEM: "Redeemed",
    Kind.REVERSAL: "Given back",
    Kind.RETURN: "Taken back for a return",
    Kind.EXPIRE: "Expired",
    Kind.ADJUST: "Adjusted",
    Kind.MERGE_OUT: "Moved by a merge",
    Kind.MERGE_IN: "Came by a merge",
}
_AWARDS: Final[Mapping[str, str]] = {
    WELCOME: "Welcome points",
    TIER: "For a new tier",
    OCCASION: "For an occasion",
    REFERRAL: "For a referral",
    REFERRAL_BACK: "Referral taken back",
    "import": "Imported",
    "adjustment taken back": "Adjustment taken back",
}
_PRECISION: Final = ("whole points", "one decimal", "two decimals", "three decimals")


def name_of_entry(entry: PointsEntry) -> str:
    """What the entry is, in a few words: "Earned", "Goodwill"."""
    because = entry.explanation.get("because", "")
    if because == ADJUSTMENT:
        return "Goodwill" if entry.points > 0 else "Taken by staff"
    return _AWARDS.get(because) or _NAMES[entry.kind]


def steps_of_entry(entry: PointsEntry, *, currency: str) -> list[Step]:
    """How the points came about, each step with its name: base, rule or multiplier, rounding, cap, and the result.

    An entry that no earning rule made has one step, the reason.
    """
    figures: Figures = entry.explanation
    if figures.get("because") != "rule":
        return [("Why", explain(entry))]
    steps = _multiplied(figures) if "multiply" in figures else [_base(figures, currency), _rule(figures, currency)]
    given, before = entry.points or entry.promised, Decimal(figures.get("before", 0))
    if "cap" in figures:
        steps.append(("Cap", _cap(figures)))
    elif Decimal(figures["exact"]) != given + before:
        steps.append(("Rounding", f"Down to {_PRECISION[figures['precision']]}."))
    if before:
        steps.append(("Less", f"{_points(before)} that the bill brought before its lines came."))
    steps.append(("Result", f"{describe_credit(entry, figures)}."))
    return [*steps, ("Note", entry.note)] if entry.note else steps


def _base(figures: Figures, currency: str) -> Step:
    amount = _money(figures["amount"], currency)
    if "base" not in figures:
        return "Base", f"{amount}, the whole bill."
    lines = figures["lines"]
    named = f"{'line' if len(lines) == 1 else 'lines'} {', '.join(map(str, lines))}"
    return "Base", f"{_money(figures['base'], currency)}, {named} of a bill of {amount}."


def _rule(figures: Figures, currency: str) -> Step:
    name = f"“{figures['rule']}”"
    if "fixed" in figures:
        return "Rule", f"{name} gives {_points(figures['fixed'])}."
    if "per_unit" in figures:
        rate = f"{_points(figures['per_unit'])} for each of {figures['quantity']} units"
    elif "percent" in figures:
        rate = f"{figures['percent']} % of it in points"
    else:
        rate = f"{_points(figures['points'])} for every {_money(figures['per'], currency)}"
    return "Rule", f"{name} gives {rate}: {_points(figures['exact'])}."


def _multiplied(figures: Figures) -> list[Step]:
    rules = ", ".join(f"“{rule}”" for rule in figures["of"])
    times = f"{figures['multiply']} times in all: {_points(figures['exact'])} more."
    return [
        ("Base", f"{_points(figures['multiplied'])} of {rules}."),
        ("Multiplier", f"“{figures['rule']}” gives them {times}"),
    ]


def _cap(figures: Figures) -> str:
    period = figures.get("cap_of", "bill")
    most = f"At most {_points(figures['cap'])} for a {period}"
    return f"{most}." if period == "bill" else f"{most}; {_points(figures['cap_left'])} left of it."


def _points(value: Any) -> str:
    points = Decimal(str(value))
    return f"{format_points(points)} point{'' if points == 1 else 's'}"


def _money(value: Any, currency: str) -> str:
    return f"{format_money(Decimal(str(value)))} {currency}"
