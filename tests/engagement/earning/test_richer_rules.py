"""Rules that look at lines, birthdays, segments, other rules and earlier awards."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engagement.earning.parts import LinePart
from engagement.earning.rules import Award, NoAward, earn
from engagement.earning.sales import Given, Sale, SaleLine
from engagement.programs.earning_rules import SegmentPart
from engagement.programs.rules import ProgramRules
from loyalty_project.protocol.codes import Code

DAY = date(2026, 3, 6)
SHOES: dict[str, Any] = {"name": "shoes", "when": {"items": {"include": ["SHOE", "BOOT"]}}, "award": {"percent": 10}}
BASE: dict[str, Any] = {"name": "base", "award": {"percent": 5}}


def line(item_code: str, amount: str, quantity: str = "1", **attributes: str) -> SaleLine:
    return SaleLine(position=0, item_code=item_code, quantity=Decimal(quantity), amount=Decimal(amount), attributes=attributes)


def results(
    *rules: dict[str, Any], lines: tuple[SaleLine, ...] = (), amount: str = "1000", **more: Any
) -> list[Award | NoAward]:
    precision = more.pop("precision", 0)
    numbered = tuple(
        SaleLine(
            position=number, item_code=sold.item_code, quantity=sold.quantity, amount=sold.amount, attributes=sold.attributes
        )
        for number, sold in enumerate(lines, start=1)
    )
    sale = Sale(**{"amount": Decimal(amount), "day": DAY, "currency": "INR", "lines": numbered, **more})
    return earn(ProgramRules.from_json({"precision": precision, "earning": list(rules)}), sale)


def points(*rules: dict[str, Any], **more: Any) -> list[int]:
    """What each rule gives."""
    return [int(result.points) if isinstance(result, Award) else 0 for result in results(*rules, **more)]


def reason(rule: dict[str, Any], **more: Any) -> str:
    (result,) = results(rule, **more)
    return result.reason if isinstance(result, NoAward) else ""


def test_the_base_is_the_lines_part_of_the_bills_amount() -> None:
    (award,) = results(SHOES, amount="900", lines=(line("SHOE", "600"), line("HAT", "400")))
    assert isinstance(award, Award)
    assert (award.points, award.parts) == (54, (LinePart(Decimal(54), (1,)),))
    assert award.figures.items() >= {"base": "540", "lines": [1], "amount": "900", "exact": "54"}.items()


@pytest.mark.parametrize(("currency", "expected"), [("INR", 501), ("JPY", 500), ("KWD", 500)])
def test_the_base_is_rounded_half_up_to_the_currency(currency: str, expected: int) -> None:
    rule = {**SHOES, "award": {"per": 1, "points": 100}}
    assert points(rule, amount="10.01", lines=(line("SHOE", "7"), line("HAT", "7")), currency=currency) == [expected]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"items": {"include": ["SHOE", "BOOT"]}}, 30),
        ({"items": {"exclude": ["HAT"]}}, 80),
        ({"items": {"include": ["SHOE", "HAT"], "exclude": ["HAT"]}}, 10),
        ({"attributes": {"kind": ["winter", "spring"]}}, 80),
        ({"attributes": {"kind": ["winter"], "colour": ["red"]}}, 20),
        ({"attributes": {"kind": ["winter"]}, "items": {"include": ["HAT"]}}, 0),
        ({"items": {}, "attributes": {}}, 100),
    ],
)
def test_lines_match_by_item_and_by_every_attribute(when: dict[str, Any], expected: int) -> None:
    lines = (
        line("SHOE", "100", kind="winter"),
        line("BOOT", "200", kind="winter", colour="red"),
        line("HAT", "200"),
        line("CAP", "500", kind="spring"),
    )
    assert points({"name": "r", "when": when, "award": {"percent": 10}}, lines=lines) == [expected]


@pytest.mark.parametrize("lines", [(), (line("HAT", "5"),), (line("SHOE", "0"), line("HAT", "5")), (line("SHOE", "0"),)])
def test_without_a_matching_line_that_cost_money_there_is_no_base(lines: tuple[SaleLine, ...]) -> None:
    for award in ({"percent": 10}, {"fixed": 7}, {"per_unit": 3}):
        assert reason({**SHOES, "award": award}, lines=lines).startswith("no line of the bill matches")


def test_the_least_amount_is_that_of_the_base() -> None:
    lines = (line("SHOE", "300"), line("HAT", "700"))
    assert reason({**SHOES, "when": {**SHOES["when"], "min_amount": 300}}, lines=lines) == ""
    text = reason({**SHOES, "when": {**SHOES["when"], "min_amount": 300.01}}, lines=lines)
    assert text == "the matching lines' part of the amount, 300, is below 300.01"


def test_points_per_unit_count_quantities_of_matching_lines() -> None:
    lines = (line("BEAN", "10", "2"), line("HAT", "80", "5"), line("BEAN", "10", "1.5"))
    beans = {"name": "beans", "when": {"items": {"include": ["BEAN"]}}, "award": {"per_unit": 3}}
    everything = {"name": "all", "award": {"per_unit": 1}}
    assert points(beans, everything, lines=lines) == [10, 8]
    assert reason(everything) == "the bill has no lines"
    award = results(beans, lines=lines)[0]
    assert isinstance(award, Award)
    assert award.figures.items() >= {"per_unit": "3", "quantity": "3.5", "exact": "10.5"}.items()


@pytest.mark.parametrize(
    ("birthday", "born_on", "day", "expected"),
    [
        ("month", "1990-03-31", DAY, 5),
        ("month", "1990-04-01", DAY, 0),
        ("month", None, DAY, 0),
        ("day", "1990-03-06", DAY, 5),
        ("day", "1990-03-07", DAY, 0),
        ("day", None, DAY, 0),
        ("day", "2000-02-29", date(2026, 2, 28), 5),
        ("day", "2000-02-29", date(2028, 2, 28), 0),
        ("day", "2000-02-29", date(2028, 2, 29), 5),
        ("day", "2027-03-06", DAY, 0),
    ],
)
def test_a_birthday_is_a_day_or_a_month(birthday: str, born_on: str | None, day: date, expected: int) -> None:
    born = date.fromisoformat(born_on) if born_on else None
    assert points({"name": "r", "when": {"birthday": birthday}, "award": {"fixed": 5}}, born_on=born, day=day) == [expected]


def test_one_of_several_segments_is_enough() -> None:
    parts = [{"segment": "spend", "partition": "high"}, {"segment": "age", "partition": "young"}]
    rule = {"name": "r", "when": {"segments": parts}, "award": {"fixed": 5}}
    assert points(rule, segments=frozenset({SegmentPart("age", "young")})) == [5]
    assert reason(rule, segments=frozenset({SegmentPart("spend", "low")})) == "only for the segments spend high, age young"


def test_of_a_group_the_rule_that_gives_most_counts_before_caps() -> None:
    rate, visit, other = (
        {**BASE, "group": "g"},
        {"name": "visit", "award": {"fixed": 30}, "group": "g"},
        {**BASE, "name": "other"},
    )
    assert points(rate, visit, other) == [50, 0, 50]
    assert points(rate, visit, other, amount="400") == [0, 30, 20]
    assert points({**rate, "max_points": 10}, visit) == [10, 0]
    # Of equal ones the first.
    assert points(rate, visit, amount="600") == [30, 0]
    beaten = results(rate, visit)[1]
    assert beaten == NoAward(rule="visit", reason="of the group g the rule base gives most")


def test_a_rule_that_does_not_match_wins_no_group() -> None:
    large = {"name": "large", "when": {"min_amount": 5000}, "award": {"fixed": 900}, "group": "g"}
    assert points(large, {**BASE, "group": "g"}) == [0, 50]


def times(number: float, name: str = "twice", **more: Any) -> dict[str, Any]:
    return {"name": name, "award": {"multiply": number, **more.pop("award", {})}, **more}


def test_multipliers_add_up_unless_they_share_a_group() -> None:
    assert points(times(2), BASE, times(3, "thrice")) == [50, 50, 100]
    assert points(times(2, group="m"), BASE, times(3, "thrice", group="m")) == [0, 50, 100]


def test_a_multiplier_takes_the_regular_points_that_were_given() -> None:
    gift = {"name": "gift", "award": {"fixed": 40}, "kind": "promotional"}
    assert points({**BASE, "max_points": 20}, gift, times(2)) == [20, 40, 20]
    assert points(BASE, {"name": "thanks", "award": {"fixed": 7}}, times(3, award={"of": ["thanks"]})) == [50, 7, 14]
    assert points(times(1.5), {"name": "odd", "award": {"fixed": 33}}) == [16, 33]
    assert reason(times(2)) == "there are no points to multiply"


def test_a_multiplier_leaves_out_points_whose_expiry_is_past() -> None:
    late = {"name": "late", "award": {"fixed": 9}, "expiry": {"kind": "date", "value": "2026-03-05"}}
    found = results(late, BASE, times(2))
    assert found[0] == NoAward(
        rule="late", reason="the points would have expired on 2026-03-05", warning=Code.EXPIRY_NOT_COMPUTED
    )
    assert points(late, BASE, times(2)) == [0, 50, 50]


def test_a_multiplier_competes_with_the_rules_of_its_group() -> None:
    base, thanks = {**BASE, "group": "g"}, {"name": "thanks", "award": {"fixed": 100}}
    assert points(base, thanks, times(1.2, group="g")) == [50, 100, 0]
    assert points(base, thanks, times(2, group="g")) == [0, 100, 100]
    # What lost to a multiplier is not multiplied by others.
    assert points(base, thanks, times(2, group="g"), times(2, "other")) == [0, 100, 100, 100]


def test_a_multipliers_points_came_from_the_lines_of_what_it_multiplied() -> None:
    lines = (line("SHOE", "500"), line("HAT", "500"))
    found = results(SHOES, {"name": "thanks", "award": {"fixed": 25}}, times(3), lines=lines)
    award = found[2]
    assert isinstance(award, Award)
    assert (award.points, award.parts) == (150, (LinePart(Decimal(100), (1,)),))
    assert award.figures.items() >= {"multiply": "3", "multiplied": "75", "of": ["shoes", "thanks"]}.items()


@pytest.mark.parametrize(
    ("caps", "given", "expected", "cap_of"),
    [
        ({"max_points_per_day": 60}, Given(Decimal(0), Decimal(500)), 50, None),
        ({"max_points_per_day": 60}, Given(Decimal(20), Decimal(20)), 40, "day"),
        ({"max_points_per_month": 60}, Given(Decimal(0), Decimal(40)), 20, "month"),
        ({"max_points": 45, "max_points_per_day": 70, "max_points_per_month": 100}, Given(), 45, "bill"),
        ({"max_points": 45, "max_points_per_day": 70, "max_points_per_month": 100}, Given(Decimal(30), Decimal(30)), 40, "day"),
        (
            {"max_points": 45, "max_points_per_day": 70, "max_points_per_month": 100},
            Given(Decimal(0), Decimal(70)),
            30,
            "month",
        ),
    ],
)
def test_caps_of_bill_day_and_month(caps: dict[str, Any], given: Given, expected: int, cap_of: str | None) -> None:
    (award,) = results({**BASE, **caps}, given={"base": given})
    assert isinstance(award, Award)
    assert (award.points, award.is_capped, award.figures.get("cap_of")) == (expected, cap_of is not None, cap_of)


@pytest.mark.parametrize("given", [60, 61])
def test_a_cap_that_is_used_up_leaves_nothing(given: int) -> None:
    rule = {**BASE, "max_points_per_day": 60}
    (result,) = results(rule, given={"base": Given(Decimal(given), Decimal(given))})
    reason_given = "its cap of 60 points for a day is reached"
    assert result == NoAward(rule="base", reason=reason_given, warning=Code.POINTS_CAPPED)


def test_what_is_left_of_a_cap_is_rounded_down() -> None:
    assert points({**BASE, "max_points_per_day": 60.5}, given={"base": Given(Decimal("20.4"), Decimal("20.4"))}) == [40]


def test_a_cap_cuts_the_part_of_the_lines_too() -> None:
    (award,) = results({**SHOES, "max_points": 20}, lines=(line("SHOE", "500"), line("HAT", "500")))
    assert isinstance(award, Award)
    assert award.parts == (LinePart(Decimal(20), (1,)),)
