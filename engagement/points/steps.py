"""A ledger entry in plain words: its name in a few words, and how its points came about, step by step."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext, gettext_noop, ngettext

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
    Kind.AWARD: gettext_noop("Earned"),
    Kind.PROMISE: gettext_noop("Promised"),
    Kind.RELEASE: gettext_noop("Promised points released"),
    Kind.REDEEM: gettext_noop("Redeemed"),
    Kind.REVERSAL: gettext_noop("Given back"),
    Kind.RETURN: gettext_noop("Taken back for a return"),
    Kind.EXPIRE: gettext_noop("Expired"),
    Kind.ADJUST: gettext_noop("Adjusted"),
    Kind.MERGE_OUT: gettext_noop("Moved by a merge"),
    Kind.MERGE_IN: gettext_noop("Came by a merge"),
}
_AWARDS: Final[Mapping[str, str]] = {
    WELCOME: gettext_noop("Welcome points"),
    TIER: gettext_noop("For a new tier"),
    OCCASION: gettext_noop("For an occasion"),
    REFERRAL: gettext_noop("For a referral"),
    REFERRAL_BACK: gettext_noop("Referral taken back"),
    "import": gettext_noop("Imported"),
    "adjustment taken back": gettext_noop("Adjustment taken back"),
}
_PRECISION: Final = (
    gettext_noop("whole points"),
    gettext_noop("one decimal"),
    gettext_noop("two decimals"),
    gettext_noop("three decimals"),
)


def name_of_entry(entry: PointsEntry) -> str:
    """What the entry is, in a few words: gettext_noop("Earned"), "Goodwill"."""
    because = entry.explanation.get("because", "")
    if because == ADJUSTMENT:
        return gettext("Goodwill") if entry.points > 0 else gettext("Taken by staff")
    return gettext(_AWARDS.get(because) or _NAMES[entry.kind])


def steps_of_entry(entry: PointsEntry, *, currency: str) -> list[Step]:
    """How the points came about, each step with its name: base, rule or multiplier, rounding, cap, and the result.

    An entry that no earning rule made has one step, the reason.
    """
    figures: Figures = entry.explanation
    if figures.get("because") != "rule":
        return [(gettext("Why"), explain(entry))]
    steps = _multiplied(figures) if "multiply" in figures else [_base(figures, currency), _rule(figures, currency)]
    given, before = entry.points or entry.promised, Decimal(figures.get("before", 0))
    if "cap" in figures:
        steps.append((gettext("Cap"), _cap(figures)))
    elif Decimal(figures["exact"]) != given + before:
        steps.append(
            (gettext("Rounding"), gettext("Down to %(precision)s.") % {"precision": gettext(_PRECISION[figures["precision"]])})
        )
    if before:
        steps.append(
            (gettext("Less"), gettext("%(before)s that the bill brought before its lines came.") % {"before": _points(before)})
        )
    steps.append((gettext("Result"), f"{describe_credit(entry, figures)}."))
    return [*steps, (gettext("Note"), entry.note)] if entry.note else steps


def _base(figures: Figures, currency: str) -> Step:
    amount = _money(figures["amount"], currency)
    if "base" not in figures:
        return gettext("Base"), gettext("%(amount)s, the whole bill.") % {"amount": amount}
    part = {
        "part": _money(figures["base"], currency),
        "lines": ", ".join(map(str, figures["lines"])),
        "amount": amount,
    }
    return gettext("Base"), ngettext(
        "%(part)s, line %(lines)s of a bill of %(amount)s.",
        "%(part)s, lines %(lines)s of a bill of %(amount)s.",
        len(figures["lines"]),
    ) % part


def _rule(figures: Figures, currency: str) -> Step:
    name = f"“{figures['rule']}”"
    if "fixed" in figures:
        return gettext("Rule"), gettext("%(name)s gives %(fixed)s.") % {"name": name, "fixed": _points(figures["fixed"])}
    if "per_unit" in figures:
        rate = gettext("%(per_unit)s for each of %(quantity)s units") % {
            "per_unit": _points(figures["per_unit"]),
            "quantity": figures["quantity"],
        }
    elif "percent" in figures:
        rate = gettext("%(percent)s %% of it in points") % {"percent": figures["percent"]}
    else:
        rate = gettext("%(points)s for every %(per)s") % {
            "points": _points(figures["points"]),
            "per": _money(figures["per"], currency),
        }
    return gettext("Rule"), gettext("%(name)s gives %(rate)s: %(exact)s.") % {
        "name": name,
        "rate": rate,
        "exact": _points(figures["exact"]),
    }


def _multiplied(figures: Figures) -> list[Step]:
    rules = ", ".join(f"“{rule}”" for rule in figures["of"])
    times = gettext("%(multiply)s times in all: %(exact)s more.") % {
        "multiply": figures["multiply"],
        "exact": _points(figures["exact"]),
    }
    return [
        (
            gettext("Base"),
            gettext("%(multiplied)s of %(rules)s.") % {"multiplied": _points(figures["multiplied"]), "rules": rules},
        ),
        (gettext("Multiplier"), gettext("“%(rule)s” gives them %(times)s") % {"rule": figures["rule"], "times": times}),
    ]


def _cap(figures: Figures) -> str:
    period = figures.get("cap_of", "bill")
    most = {"cap": _points(figures["cap"])}
    if period == "bill":
        return gettext("At most %(cap)s for a bill.") % most
    if period == "day":
        return gettext("At most %(cap)s for a day; %(left)s left of it.") % {**most, "left": _points(figures["cap_left"])}
    return gettext("At most %(cap)s for a month; %(left)s left of it.") % {**most, "left": _points(figures["cap_left"])}


def _points(value: Any) -> str:
    points = Decimal(str(value))
    return ngettext("%(amount)s point", "%(amount)s points", 1 if points == 1 else 2) % {"amount": format_points(points)}


def _money(value: Any, currency: str) -> str:
    return f"{format_money(Decimal(str(value)))} {currency}"
