"""A second calculation of earning, written from docs/organization-file.md: slow, in fractions, from the rules of the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    item: str
    kind: str
    quantity: int
    amount: int


@dataclass(frozen=True)
class Purchase:
    day: date
    amount: Fraction
    lines: Sequence[Line]


@dataclass
class Reckoning:
    """The points of a customer's bills, by rule, one bill after the other."""

    rules: Sequence[Rule]
    precision: int
    history: list[tuple[date, dict[str, Fraction]]] = field(default_factory=list)

    def buy(self, purchase: Purchase) -> dict[str, Fraction]:
        """What each rule gives for a bill."""
        offers = {rule["name"]: self._offer(rule, purchase) for rule in self.rules if "multiply" not in rule["award"]}
        given = self._choose(offers, purchase.day)
        extras = {}
        for rule in self.rules:
            if "multiply" in rule["award"]:
                names = rule["award"].get("of") or list(offers)
                regular = [each["name"] for each in self.rules if each.get("kind", "regular") == "regular"]
                points = sum((given[name] for name in names if name in regular), Fraction(0))
                extras[rule["name"]] = points * (Fraction(str(rule["award"]["multiply"])) - 1)
        given |= self._choose(extras, purchase.day)
        self.history.append((purchase.day, given))
        return given

    def _choose(self, offers: Mapping[str, Fraction], day: date) -> dict[str, Fraction]:
        given = {}
        for rule in self.rules:
            name = rule["name"]
            if name not in offers:
                continue
            rivals = [
                offers[each["name"]]
                for each in self.rules
                if each["name"] in offers and rule.get("group") and each.get("group") == rule["group"]
            ]
            first = next(
                (
                    each["name"]
                    for each in self.rules
                    if rivals and each.get("group") == rule["group"] and offers.get(each["name"]) == max(rivals)
                ),
                name,
            )
            given[name] = self._capped(rule, self._down(offers[name]), day) if first == name else Fraction(0)
        return given

    def _offer(self, rule: Rule, purchase: Purchase) -> Fraction:
        when = rule.get("when", {})
        lines = [line for line in purchase.lines if matches(when, line)]
        base, quantity = purchase.amount, sum(line.quantity for line in purchase.lines)
        if "items" in when or "attributes" in when:
            whole = sum(line.amount for line in purchase.lines)
            part = sum(line.amount for line in lines)
            cents = purchase.amount * part / whole * 100 if part else Fraction(0)
            base, quantity = Fraction(floor(cents + Fraction(1, 2)), 100), sum(line.quantity for line in lines)
            if not base:
                return Fraction(0)
        if base < when.get("min_amount", 0):
            return Fraction(0)
        award = {name: Fraction(str(value)) for name, value in rule["award"].items()}
        if "fixed" in award:
            return award["fixed"]
        if "percent" in award:
            return base * award["percent"] / 100
        if "per_unit" in award:
            return award["per_unit"] * quantity
        return base * award["points"] / award["per"]

    def _capped(self, rule: Rule, points: Fraction, day: date) -> Fraction:
        name, month = rule["name"], (day.year, day.month)
        on_day = sum((given.get(name, Fraction(0)) for when, given in self.history if when == day), Fraction(0))
        in_month = sum(
            (given.get(name, Fraction(0)) for when, given in self.history if (when.year, when.month) == month), Fraction(0)
        )
        for cap, before in (("max_points", Fraction(0)), ("max_points_per_day", on_day), ("max_points_per_month", in_month)):
            if cap in rule:
                points = min(points, self._down(max(rule[cap] - before, Fraction(0))))
        return points

    def _down(self, points: Fraction) -> Fraction:
        scale = 10**self.precision
        return Fraction(floor(points * scale), scale)


def matches(when: Mapping[str, Any], line: Line) -> bool:
    """True if the rule looks at the line."""
    items = when.get("items", {})
    if items.get("include") and line.item not in items["include"]:
        return False
    if line.item in items.get("exclude", []):
        return False
    kinds = when.get("attributes", {}).get("kind")
    return kinds is None or line.kind in kinds
