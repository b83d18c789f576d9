"""Points that a bill earns by the earning rules of a program: pure functions, which simulation uses too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from engagement.numbers.rounding import round_points, share
from engagement.programs.rules import (
    AwardRule,
    EarningKind,
    EarningRule,
    ExpiryRule,
    FixedAward,
    PercentAward,
    ProgramRules,
    RateAward,
    SaleConditions,
    Weekday,
)
from loyalty_project.protocol.numbers import plain_digits

WEEKDAYS = tuple(Weekday)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A sale as earning rules see it: amount after discount, day in the organization's zone, codes of the place, tier's name.

    `is_promoted` is False if the customer's status label forbids promotional points.
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
    """Points that one rule gives. `figures` is the JSON that explains them; it is stored with the entry."""

    rule: str
    points: Decimal
    kind: EarningKind
    delay_days: int
    expiry: ExpiryRule
    is_capped: bool
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAward:
    """A rule that gives no points, with the reason."""

    rule: str
    reason: str


def earn(rules: ProgramRules, sale: Sale) -> list[Award | NoAward]:
    """Results of all earning rules for the sale, in their order.

    Points are rounded down to the program's precision, once for each rule, then capped. Raises `TooManyPointsError`.
    """
    return [_apply(rule, sale, rules.precision) for rule in rules.earning]


def _apply(rule: EarningRule, sale: Sale, precision: int) -> Award | NoAward:
    reason = _obstacle(rule.conditions, sale)
    if rule.kind == EarningKind.PROMOTIONAL and not sale.is_promoted:
        reason = "the customer's status label forbids promotional points"
    if reason:
        return NoAward(rule=rule.name, reason=reason)
    exact, figures = _exact_points(rule.award, sale.amount)
    points = round_points(exact, precision)
    cap = rule.max_points
    is_capped = cap is not None and points > cap
    if cap is not None and is_capped:
        points = round_points(cap, precision)
        figures["cap"] = plain_digits(cap)
    if not points:
        return NoAward(rule=rule.name, reason=f"{plain_digits(exact)} points round down to none")
    return Award(
        rule=rule.name,
        points=points,
        kind=rule.kind,
        delay_days=rule.delay_days,
        expiry=rule.expiry,
        is_capped=is_capped,
        figures={
            "because": "rule",
            "rule": rule.name,
            **figures,
            "amount": plain_digits(sale.amount),
            "exact": plain_digits(exact),
            "precision": precision,
        },
    )


def _exact_points(award: AwardRule, amount: Decimal) -> tuple[Decimal, dict[str, Any]]:
    """Points before rounding, with the rate that they come from."""
    match award:
        case FixedAward(points=points):
            return points, {"fixed": plain_digits(points)}
        case PercentAward(percent=percent):
            return share(amount, percent, _HUNDRED), {"percent": plain_digits(percent)}
        case RateAward(points=points, per=per):
            return share(amount, points, per), {"per": plain_digits(per), "points": plain_digits(points)}


def _obstacle(conditions: SaleConditions, sale: Sale) -> str:
    """Reason why a rule does not apply to the sale; "" if it does."""
    if conditions.min_amount is not None and sale.amount < conditions.min_amount:
        return f"the amount is below {plain_digits(conditions.min_amount)}"
    for name, allowed, value in (
        ("stores", conditions.stores, sale.store),
        ("zones", conditions.zones, sale.zone),
        ("concepts", conditions.concepts, sale.concept),
        ("tiers", conditions.tiers, sale.tier),
    ):
        if allowed and value not in allowed:
            return f"only for {name} {', '.join(allowed)}"
    if conditions.weekdays and WEEKDAYS[sale.day.weekday()] not in conditions.weekdays:
        return f"only on {', '.join(conditions.weekdays)}"
    if conditions.first_day and sale.day < conditions.first_day:
        return f"from {conditions.first_day} on"
    if conditions.last_day and sale.day > conditions.last_day:
        return f"until {conditions.last_day}"
    return ""
