"""Cells of exported lists."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from organizations.back_office.list_export import cell_of


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "'="])
def test_no_spreadsheet_runs_a_text(start: str) -> None:
    assert cell_of(f'{start}HYPERLINK("http://example.com")') == f'\'{start}HYPERLINK("http://example.com")'


def test_control_characters_are_not_written() -> None:
    assert cell_of("An\x00na\x1b \x7fRao\x85") == "An na   Rao "
    assert cell_of("\x01=1+1") == " =1+1"


def test_numbers_stay_numbers() -> None:
    assert [cell_of(value) for value in (7, Decimal("-12.5"), True, None)] == [7, Decimal("-12.5"), "yes", ""]


def test_moments_are_those_of_the_page() -> None:
    with timezone.override(ZoneInfo("Asia/Kolkata")):
        assert cell_of(datetime(2026, 1, 1, 20, 0, tzinfo=UTC)) == "2026-01-02 01:30"
    assert cell_of(date(2026, 1, 1)) == "2026-01-01"
