"""Points that a bill earns by the earning rules of a program: pure functions, which simulation uses too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engagement.earning.parts import LinePart, share_out
from engagement.earning.sales import NOTHING_GIVEN, Base, Sale, base_of, credited_on
from engagement.numbers.days import is_birthday
from engagement.numbers.rounding import round_points, share
from engagement.programs.earning_rules import (
    BaseAward,
    Birthday,
    EarningKind,
    EarningRule,
    FixedAward,
    Multiplier,
    PercentAward,
    RateAward,
    SaleConditions,
    UnitAward,
    Weekday,
)
from engagement.programs.expiry_rules import ExpiryRule
from engagement.programs.rules import ProgramRules
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.numbers import plain_digits

WEEKDAYS = tuple(Weekday)
ZERO = Decimal(0)
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """Points that one rule gives. `figures` is the JSON that explains them; it is stored with the entry.

    `parts` are those that came from some of the bill's lines.
    """

    rule: str
    points: Decimal
    kind: EarningKind
    delay_days: int
    expiry: ExpiryRule
    is_capped: bool
    figures: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[LinePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAward:
    """A rule that gives no points, with the reason, and the code of a warning about it (1093, 1097)."""

    rule: str
    reason: str
    warning: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """What a rule would give before its caps: `exact` points, rounded to `points`."""

    rule: EarningRule
    exact: Decimal
    points: Decimal
    figures: Mapping[str, Any]
    parts: tuple[LinePart, ...] = ()


_Offers = dict[str, _Offer | NoAward]
_Results = dict[str, Award | NoAward]


def earn(rules: ProgramRules, sale: Sale) -> list[Award | NoAward]:
    """Results of all earning rules for the sale, in their order.

    Points are rounded down to the program's precision, once for each rule. Then the best rule of each group is chosen, and
    capped. Multipliers follow. Raises `TooManyPointsError`.
    """
    offers = _best_of_groups(
        {
            rule.name: _offer(rule, rule.award, sale, rules.precision)
            for rule in rules.earning
            if not isinstance(rule.award, Multiplier)
        }
    )
    results = {name: _capped(offer, sale, rules.precision) for name, offer in offers.items()}
    if len(offers) < len(rules.earning):
        results = _multiplied(rules, sale, offers, results)
    return [results[rule.name] for rule in rules.earning]


def _multiplied(rules: ProgramRules, sale: Sale, offers: _Offers, results: _Results) -> _Results:
    """The results with those of the multipliers. One that shares a group with other rules multiplies none of them."""
    multipliers = [(rule, rule.award) for rule in rules.earning if isinstance(rule.award, Multiplier)]
    groups = {rule.name: rule.group for rule in rules.earning}

    def offers_on(given: _Results) -> _Offers:
        awards = [result for result in given.values() if isinstance(result, Award) and result.kind == EarningKind.REGULAR]
        return {
            rule.name: _multiplier_offer(
                rule,
                multiplier,
                [award for award in awards if not rule.group or groups[award.rule] != rule.group],
                sale,
                rules.precision,
            )
            for rule, multiplier in multipliers
        }

    chosen = _best_of_groups({**offers, **offers_on(results)})
    kept: _Results = {}
    for name, result in results.items():
        offer = chosen[name]
        kept[name] = offer if isinstance(offer, NoAward) and isinstance(result, Award) else result
    final = offers_on(kept)
    for rule, _ in multipliers:
        offer = chosen[rule.name]
        kept[rule.name] = _capped(offer if isinstance(offer, NoAward) else final[rule.name], sale, rules.precision)
    return kept


def _offer(rule: EarningRule, award: BaseAward, sale: Sale, precision: int) -> _Offer | NoAward:
    base = base_of(rule.conditions.lines, sale)
    reason = _reason_against(rule, sale, base)
    if not reason and isinstance(award, UnitAward) and not base.quantity:
        reason = "the bill has no lines"
    if reason:
        return NoAward(rule=rule.name, reason=reason)
    exact, figures = _exact_points(award, base)
    if rule.conditions.lines:
        figures |= {"base": plain_digits(base.amount), "lines": list(base.positions)}
    points = round_points(exact, precision)
    parts = (LinePart(points, base.positions),) if rule.conditions.lines else ()
    return _checked(_Offer(rule=rule, exact=exact, points=points, figures=figures, parts=parts), sale)


def _multiplier_offer(
    rule: EarningRule, award: Multiplier, awards: Sequence[Award], sale: Sale, precision: int
) -> _Offer | NoAward:
    reason = _reason_against(rule, sale, base_of(rule.conditions.lines, sale))
    multiplied = [given for given in awards if not award.of or given.rule in award.of]
    if not reason and not multiplied:
        reason = "there are no points to multiply"
    if reason:
        return NoAward(rule=rule.name, reason=reason)
    given = sum((award.points for award in multiplied), ZERO)
    exact = (award.times - 1) * given
    points = round_points(exact, precision)
    return _checked(
        _Offer(
            rule=rule,
            exact=exact,
            points=points,
            figures={
                "multiply": plain_digits(award.times),
                "multiplied": plain_digits(given),
                "of": [award.rule for award in multiplied],
            },
            parts=tuple(share_out(points, among=[(award.points, award.parts) for award in multiplied], precision=precision)),
        ),
        sale,
    )


def _checked(offer: _Offer, sale: Sale) -> _Offer | NoAward:
    """The offer, unless it comes to nothing or its expiry date is past on the day on which it might be spent."""
    rule = offer.rule
    if not offer.points:
        return NoAward(rule=rule.name, reason=f"{plain_digits(offer.exact)} points round down to none")
    if rule.expiry.is_past(credited_on(sale.day, rule.delay_days)):
        reason = f"the points would have expired on {rule.expiry.day}"
        return NoAward(rule=rule.name, reason=reason, warning=Code.EXPIRY_NOT_COMPUTED)
    return offer


def _best_of_groups(offers: _Offers) -> _Offers:
    """The offers; of each group only the one that gives most before caps, the first of equal ones."""
    best: dict[str, _Offer] = {}
    for offer in offers.values():
        if isinstance(offer, _Offer) and (group := offer.rule.group):
            best[group] = max(best.get(group, offer), offer, key=lambda candidate: candidate.exact)
    return {name: _beaten(offer, best) for name, offer in offers.items()}


def _beaten(offer: _Offer | NoAward, best: Mapping[str, _Offer]) -> _Offer | NoAward:
    if isinstance(offer, NoAward) or not offer.rule.group or best[offer.rule.group] is offer:
        return offer
    winner = best[offer.rule.group]
    return NoAward(rule=offer.rule.name, reason=f"of the group {offer.rule.group} the rule {winner.rule.name} gives most")


def _capped(offer: _Offer | NoAward, sale: Sale, precision: int) -> Award | NoAward:
    """The award of an offer, cut by the cap that leaves least."""
    if isinstance(offer, NoAward):
        return offer
    rule = offer.rule
    given = sale.given.get(rule.name, NOTHING_GIVEN)
    caps = [
        (max(cap - before, ZERO), cap, period)
        for cap, before, period in (
            (rule.max_points, ZERO, "bill"),
            (rule.max_points_per_day, given.day, "day"),
            (rule.max_points_per_month, given.month, "month"),
        )
        if cap is not None
    ]
    points, parts, figures = offer.points, offer.parts, dict(offer.figures)
    left, cap, period = min(caps, default=(points, ZERO, ""))
    is_capped = points > left
    if is_capped:
        points = round_points(left, precision)
        if not points:
            reason = f"its cap of {plain_digits(cap)} points for a {period} is reached"
            return NoAward(rule=rule.name, reason=reason, warning=Code.POINTS_CAPPED)
        whole = [(offer.points, offer.parts)]
        parts = tuple(share_out(points, among=whole, precision=precision)) if parts else ()
        figures |= {"cap": plain_digits(cap), "cap_of": period, "cap_left": plain_digits(left)}
    if rule.group:
        figures["group"] = rule.group
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
            "exact": plain_digits(offer.exact),
            "precision": precision,
        },
        parts=parts,
    )


def _exact_points(award: BaseAward, base: Base) -> tuple[Decimal, dict[str, Any]]:
    """Points before rounding, with the rate that they come from."""
    match award:
        case FixedAward(points=points):
            return points, {"fixed": plain_digits(points)}
        case PercentAward(percent=percent):
            return share(base.amount, percent, _HUNDRED), {"percent": plain_digits(percent)}
        case UnitAward(points=points):
            return points * base.quantity, {"per_unit": plain_digits(points), "quantity": plain_digits(base.quantity)}
        case RateAward(points=points, per=per):
            return share(base.amount, points, per), {"per": plain_digits(per), "points": plain_digits(points)}


def _reason_against(rule: EarningRule, sale: Sale, base: Base) -> str:
    """Reason why a rule does not apply to the sale; "" if it does."""
    if rule.kind == EarningKind.PROMOTIONAL and not sale.is_promoted:
        return "the customer's status label forbids promotional points"
    return _obstacle(rule.conditions, sale, base)


def _obstacle(conditions: SaleConditions, sale: Sale, base: Base) -> str:
    if conditions.lines and not base.amount:
        return "no line of the bill matches, or the matching ones cost nothing"
    if conditions.min_amount is not None and base.amount < conditions.min_amount:
        what = f"the matching lines' part of the amount, {plain_digits(base.amount)}," if conditions.lines else "the amount"
        return f"{what} is below {plain_digits(conditions.min_amount)}"
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
    return _personal_obstacle(conditions, sale)


def _personal_obstacle(conditions: SaleConditions, sale: Sale) -> str:
    """Reason in the customer: the birthday, or the segments."""
    if conditions.birthday and sale.born_on is None:
        return "the customer's birthday is not known"
    if conditions.birthday and not _is_birthday(conditions.birthday, sale):
        return "only in the month of the birthday" if conditions.birthday == Birthday.MONTH else "only on the birthday"
    if conditions.segments and not sale.segments.intersection(conditions.segments):
        return f"only for the segments {', '.join(' '.join(part) for part in conditions.segments)}"
    return ""


def _is_birthday(birthday: Birthday, sale: Sale) -> bool:
    if sale.born_on is None:
        return False
    return sale.born_on.month == sale.day.month if birthday == Birthday.MONTH else is_birthday(sale.born_on, sale.day)
