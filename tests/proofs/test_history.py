"""The judge of histories: each kind of lie is found."""

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.proofs.history import Entry, History, Kind, Row, Shown, judge

CUSTOMER = "7"


def entries() -> list[Entry]:
    """A sale of 90 and its return, a redemption of 20, one that was refused, a coupon's use, and a sale nobody heard of."""
    history = History()
    history.invoke(Kind.SALE, CUSTOMER, "S-1", Decimal("90.50")).acknowledge("11", 600)
    history.invoke(Kind.RETURN, CUSTOMER, "T-1").acknowledge("12", 600)
    history.invoke(Kind.REDEMPTION, CUSTOMER, "R-1", Decimal(20)).acknowledge("aB3dE9", 800)
    history.invoke(Kind.REDEMPTION, CUSTOMER, "R-2", Decimal(500)).refuse(818)
    history.invoke(Kind.COUPON_USE, CUSTOMER, "C-1").acknowledge("13", 700)
    history.invoke(Kind.SALE, CUSTOMER, "S-2", Decimal(5))
    return history.entries


SALE = Row(
    kind=Kind.SALE, reference="S-1", shown_id="11", amount=Decimal("90.50"), points=Decimal(90), points_taken=Decimal(70)
)
RETURN = Row(kind=Kind.RETURN, reference="T-1", shown_id="12", amount=Decimal("90.50"))
REDEMPTION = Row(kind=Kind.REDEMPTION, reference="R-1", shown_id="aB3dE9", amount=Decimal(20))
USE = Row(kind=Kind.COUPON_USE, reference="C-1", shown_id="13")
UNHEARD = Row(kind=Kind.SALE, reference="S-2", shown_id="14", amount=Decimal(5), points=Decimal(5))
ROWS = [SALE, RETURN, REDEMPTION, USE]


def judged(rows: list[Row], balance: int) -> list[str]:
    return judge(entries(), {CUSTOMER: Shown(balance=Decimal(balance), rows=rows)})


def test_what_nobody_heard_of_may_be_there_or_not() -> None:
    assert judged(ROWS, 0) == []
    assert judged([*ROWS, UNHEARD], 5) == []


@pytest.mark.parametrize(
    ("spoil", "balance", "finding"),
    [
        (lambda rows: [*rows, replace(REDEMPTION, shown_id="xY7")], -20, "redemption R-1 of 7, acknowledged 800 .* 2 times"),
        (lambda rows: [row for row in rows if row is not USE], 0, "coupon use C-1 .* is there 0 times"),
        (lambda rows: [*rows, UNHEARD, UNHEARD], 10, "sale S-2 of 7, unknown .* is there 2 times"),
        (
            lambda rows: [*rows, replace(REDEMPTION, reference="R-2")],
            -20,
            "redemption R-2 of 7, refused 818 .* is there 1 times",
        ),
        (lambda rows: [*rows, replace(USE, reference="C-9")], 0, "coupon use C-9 of 7 was never asked for"),
        (lambda rows: [*rows[:3], replace(USE, shown_id="99")], 0, "was named 13, is 99"),
        (lambda rows: [SALE, RETURN, replace(REDEMPTION, amount=Decimal(19)), USE], 1, "was of 20, is of 19"),
        (lambda rows: [replace(SALE, points=Decimal(91)), *rows[1:]], 1, "brought 91 points"),
        (lambda rows: rows, 1, "the balance of 7 is 1, its rows make 0"),
    ],
)
def test_what_is_wrong_is_found(spoil: Callable[[list[Row]], list[Row]], balance: int, finding: str) -> None:
    findings = judged(spoil(ROWS), balance)
    assert [text for text in findings if re.search(finding, text)], findings


def test_a_customer_who_is_not_shown_is_found() -> None:
    assert judge(entries(), {}) == ["customer 7 is not shown"]
