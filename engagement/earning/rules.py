"""How many points does a bill earn? The earning rules of a program as pure functions (docs/organization-file.md).

Simulation asks the same functions and writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engagement.numbers.decimals import decimal
from engagement.numbers.rounding import round_points, share
from loyalty_project.protocol.numbers import plain_digits

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PROMOTIONAL = "promotional"
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What rules look at: the amount after discount, the day in the organization's zone, the place's codes, the tier's name.

    `is_promoted` is False for a customer whose status label forbids promotional points.
    """

    amount: Decimal
    day: date
    store: str = ""
    zone: str = ""
    concept: str = ""
    tier: str = ""
    is_promoted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What one rule gives. `figures` are all that led to the points, as JSON: they explain the award for good."""

    rule: str
    points: Decimal
    kind: str
    delay_days: int
    expiry: Mapping[str, Any] | None
    is_capped: bool
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAward:
    """A rule that gives nothing, and why."""

    rule: str
    reason: str


def earn(rules: Mapping[str, Any], sale: Sale) -> list[Award | NoAward]:
    """What each earning rule of a program's version gives for the sale, in their order.

    Points are rounded down to the program's precision, once for each rule, then capped. Raises `TooManyPointsError`.
    """
    precision = rules.get("precision", 0)
    return [_try(rule, sale, precision) for rule in rules.get("earning", ())]


def _try(rule: Mapping[str, Any], sale: Sale, precision: int) -> Award | NoAward:
    kind = rule.get("kind", "regular")
    reason = _obstacle(rule.get("when") or {}, sale)
    if kind == PROMOTIONAL and not sale.is_promoted:
        reason = "the customer's status label forbids promotional points"
    if reason:
        return NoAward(rule=rule["name"], reason=reason)
    exact, figures = _exact_points(rule["award"], sale.amount)
    points = round_points(exact, precision)
    cap = decimal(rule.get("max_points"))
    is_capped = cap is not None and points > cap
    if cap is not None and is_capped:
        points = round_points(cap, precision)
        figures["cap"] = plain_digits(cap)
    if not points:
        return NoAward(rule=rule["name"], reason=f"{plain_digits(exact)} points round down to none")
    return Award(
        rule=rule["name"],
        points=points,
        kind=kind,
        delay_days=rule.get("delay_days", 0),
        expiry=rule.get("expiry"),
        is_capped=is_capped,
        figures={
            "because": "rule",
            "rule": rule["name"],
            **figures,
            "amount": plain_digits(sale.amount),
            "exact": plain_digits(exact),
            "precision": precision,
        },
    )


def _exact_points(award: Mapping[str, Any], amount: Decimal) -> tuple[Decimal, dict[str, Any]]:
    """The points before rounding, and the rate they come from."""
    if (fixed := decimal(award.get("fixed"))) is not None:
        return fixed, {"fixed": plain_digits(fixed)}
    if (percent := decimal(award.get("percent"))) is not None:
        return share(amount, percent, _HUNDRED), {"percent": plain_digits(percent)}
    per, points = Decimal(str(award["per"])), Decimal(str(award["points"]))
    return share(amount, points, per), {"per": plain_digits(per), "points": plain_digits(points)}


def _obstacle(when: Mapping[str, Any], sale: Sale) -> str:
    """Why the rule does not hold for this sale; "" when it does."""
    minimum = decimal(when.get("min_amount"))
    if minimum is not None and sale.amount < minimum:
        return f"the amount is below {plain_digits(minimum)}"
    for name, value in (("stores", sale.store), ("zones", sale.zone), ("concepts", sale.concept), ("tiers", sale.tier)):
        allowed: Sequence[str] = when.get(name) or ()
        if allowed and value not in allowed:
            return f"only for {name} {', '.join(allowed)}"
    weekdays = when.get("weekdays") or ()
    if weekdays and WEEKDAYS[sale.day.weekday()] not in weekdays:
        return f"only on {', '.join(weekdays)}"
    if when.get("from") and sale.day < date.fromisoformat(when["from"]):
        return f"from {when['from']} on"
    if when.get("until") and sale.day > date.fromisoformat(when["until"]):
        return f"until {when['until']}"
    return ""
