"""What tills know of their organization."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from demo.organization import ORGANIZATION_FILE
from demo.tills.shops import NoTillsError, Program, read_shops
from tests.factories.locations import digest

FRIDAY, SATURDAY = datetime(2026, 5, 1, 12), datetime(2026, 5, 2, 12)


def program() -> Program:
    found = read_shops(ORGANIZATION_FILE).program
    assert found
    return found


def test_the_demo_has_twelve_tills_with_the_digest_of_their_password() -> None:
    shops = read_shops(ORGANIZATION_FILE)
    assert len(shops.tills) == 12
    first = shops.tills[0]
    assert (first.code, first.digest) == ("harbour.till1", digest("harbour-till-demo"))
    assert (first.store, first.concept) == ("hfx.waterfront", "outfitters")
    assert shops.zone.key == "America/Halifax"
    assert [(series.code, series.uses, sorted(series.stores)) for series in shops.series] == [
        ("WELCOME10", 1, []),
        ("CABIN25", 1, ["lun.king", "qc.petit"]),
    ]


@pytest.mark.parametrize(
    ("amount", "concept", "at", "points"),
    [
        ("10.00", "outfitters", FRIDAY, 20),
        ("10.99", "outfitters", SATURDAY, 21),
        ("49.99", "cabin", SATURDAY, 99),
        ("50.00", "cabin", SATURDAY, 125),
        ("50.00", "cabin", FRIDAY, 100),
        ("50.00", "", SATURDAY, 100),
        ("1000.00", "cabin", SATURDAY, 2500),
        ("1000.02", "cabin", SATURDAY, 2500),
        ("1200.00", "cabin", SATURDAY, 2900),
    ],
)
def test_the_demos_published_rules(amount: str, concept: str, at: datetime, points: int) -> None:
    assert program().published_points(Decimal(amount), concept=concept, at=at) == points


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "group", "award": {"percent": 1}, "group": "best"},
        {"name": "birthday", "award": {"percent": 1}, "when": {"birthday": "day"}},
        {"name": "double", "award": {"multiply": 2}},
        {"name": "sold", "award": {"percent": 1}, "when": {"items": {"include": ["LANTERN"]}}},
    ],
)
def test_rules_of_other_forms_are_left_to_the_answers(rule: dict[str, object]) -> None:
    unknown = Program(enrolment=Decimal(0), earning=[rule], least_points=1, multiple_of=1)
    assert unknown.published_points(Decimal(10), concept="", at=FRIDAY) is None


def test_rules_for_goods_that_no_till_sells_give_nothing() -> None:
    rule = {"name": "boats", "award": {"percent": 1}, "when": {"items": {"include": ["KAYAK-12"]}}, "delay_days": 21}
    program = Program(enrolment=Decimal(0), earning=[rule], least_points=1, multiple_of=1)
    assert program.published_points(Decimal(10), concept="", at=FRIDAY) == 0


@pytest.mark.parametrize("text", ["", "[]", "stores: {", "organization: {name: X, timezone: UTC}"])
def test_a_file_without_tills_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "organization.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NoTillsError, match=r"organization\.yaml"):
        read_shops(path)
