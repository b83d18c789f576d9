"""Cells read, or refused with a sentence on them (docs/imports.md)."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from loyalty_project.imports.cells import (
    choice_cell,
    day_cell,
    moment_cell,
    number_cell,
    reason,
    refusal,
    required,
    text_cell,
)
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from tests.midnights import DAY, around_midnight

ZONE = ZoneInfo("Asia/Kolkata")
MOST = Decimal(1000)


def refused(call) -> str:
    """The detail of the error 400 that a call raises."""
    with pytest.raises(LoyaltyError) as error:
        call()
    assert error.value.code == Code.INVALID_INPUT
    return error.value.detail


def test_a_reason_stays_on_one_line_and_short():
    detail = reason("notes", "a\nb\u2028c\udcff\x1b" + "x" * 500, "is wrong")
    assert detail.isprintable()
    assert len(detail) < 120
    assert reason("amount", "1,5", "has a decimal comma") == 'amount: "1,5" has a decimal comma'


def test_text_is_stripped_limited_and_required():
    assert text_cell({"a": " x "}, "a") == "x"
    assert text_cell({}, "a") == ""
    assert refused(lambda: text_cell({"a": "xyz"}, "a", most=2)) == 'a: "xyz" has 3 characters; write at most 2'
    assert refused(lambda: text_cell({"a": " "}, "a", is_required=True)) == "a: it is blank, but every row needs it"


def test_a_refusal_names_what_a_cell_has_or_that_it_is_blank():
    assert refusal({"a": "x"}, "a", "is unknown").detail == 'a: "x" is unknown'
    assert refusal({}, "a", "is unknown").detail == "a: it is blank, which is unknown"
    assert refusal({}, "a", "", code=Code.INVALID_STORE_ID).code == Code.INVALID_STORE_ID


def test_choices_ignore_case():
    assert choice_cell({"a": "primary"}, "a", {"PRIMARY", "MEMBER"}) == "PRIMARY"
    assert choice_cell({}, "a", {"PRIMARY"}) == ""
    assert refused(lambda: choice_cell({"a": "x"}, "a", {"", "PRIMARY", "MEMBER"})) == 'a: "x" is not one of MEMBER, PRIMARY'


def test_numbers_are_plain_and_within_limits():
    assert number_cell({"a": "12.50"}, "a", most=MOST, decimals=1) == Decimal("12.5")
    assert number_cell({}, "a", most=MOST) is None
    assert refused(lambda: number_cell({"a": "1e2"}, "a", most=MOST)) == 'a: "1e2" has an exponent; write 100'
    assert refused(lambda: number_cell({"a": "-1001"}, "a", most=MOST)) == 'a: "-1001" is too large; write at most 1000'
    assert refused(lambda: number_cell({"a": "1.5"}, "a", most=MOST, decimals=0)).endswith("has decimals; write a whole number")
    assert refused(lambda: number_cell({"a": "1.55"}, "a", most=MOST, decimals=1)).endswith("write at most 1")


@pytest.mark.parametrize("text", ["2025-01-02 10:00:00", "2025-01-02T10:00", "2025-01-02 10:00:00.5", "2025/1/2 10:00:00"])
def test_times_are_wall_times(text):
    assert moment_cell({"a": text}, "a", ZONE) == datetime(2025, 1, 2, 4, 30, tzinfo=UTC)
    assert day_cell({"a": text}, "a", ZONE) == date(2025, 1, 2)
    assert moment_cell({}, "a", ZONE) is None


@around_midnight
def test_the_day_of_a_time_is_the_local_one(zone: ZoneInfo, clock: time):
    assert day_cell({"a": f"{DAY} {clock}"}, "a", zone) == DAY


@pytest.mark.parametrize("offset", ["Z", "z", "+05:30", "+0000", "-08", " +05:30"])
def test_times_with_an_offset_are_refused(offset):
    detail = refused(lambda: moment_cell({"a": f"2025-01-02T10:00:00{offset}"}, "a", ZONE))
    assert detail.endswith("write the time in the organization's time zone, like 2025-01-02 10:00:00")


@pytest.mark.parametrize("text", ["02/01/2025", "2025-02-30 10:00:00", "yesterday", "2025-01-02 25:00:00", "45300.5"])
def test_other_times_are_refused(text):
    assert refused(lambda: moment_cell({"a": text}, "a", ZONE)).endswith("write YYYY-MM-DD HH:MM:SS, or YYYY-MM-DD")


def test_a_required_value_is_there():
    assert required(0) == 0
    refused(lambda: required(None))
