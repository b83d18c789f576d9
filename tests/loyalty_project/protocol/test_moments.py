"""Moments on the wire (docs/protocol.md 1.4, 1.8, 7)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_project.protocol.moments import read_moment, read_span, write_moment

KOLKATA, BERLIN = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "written",
    ["2024-03-05 10:11:12", "2024-03-05T10:11:12", "2024/03/05 10:11:12", "2024-03-05 10:11:12.250", "2024-03-05T10:11:12Z",
     "2024-03-05T10:11:12+01:00", "2024-3-5 10:11:12", " 2024-03-05 10:11:12 "],
)  # fmt: skip
def test_wall_time_is_the_organizations_whatever_offset_it_carries(written):
    assert read_moment(written, KOLKATA) == datetime(2024, 3, 5, 4, 41, 12, tzinfo=UTC)


def test_date_alone_is_its_first_second():
    assert read_moment("2024-03-05", KOLKATA) == datetime(2024, 3, 4, 18, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2024-13-01",
        "2024-02-30",
        "2024-03-05 25:00:00",
        "0001-01-01",
        "9999-01-01",
        "05-03-2024",
        "٢٠٢٤-03-05",
    ],
)
def test_what_is_no_moment_is_none(written):
    assert read_moment(written, KOLKATA) is None


def test_wall_time_that_a_clock_change_skips_is_moved_forward():
    """Berlin's clocks went from 02:00 to 03:00 on 31 March 2024."""
    assert read_moment("2024-03-31 02:30:00", BERLIN) == datetime(2024, 3, 31, 1, 30, tzinfo=UTC)
    assert write_moment(datetime(2024, 3, 31, 1, 30, tzinfo=UTC), BERLIN) == "2024-03-31 03:30:00"


def test_wall_time_that_a_clock_change_repeats_is_the_first():
    """Berlin's clocks went from 03:00 back to 02:00 on 27 October 2024."""
    assert read_moment("2024-10-27 02:30:00", BERLIN) == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0)))
def test_what_is_written_reads_as_the_same_moment(naive):
    moment = naive.replace(tzinfo=UTC)
    assert read_moment(write_moment(moment, KOLKATA), KOLKATA) == moment


def test_a_date_covers_its_day_and_a_wall_time_its_second():
    """On 31 March 2024 Berlin's day had 23 hours."""
    assert read_span("2024-03-31", BERLIN) == (datetime(2024, 3, 30, 23, tzinfo=UTC), datetime(2024, 3, 31, 22, tzinfo=UTC))
    begin, end = read_span("2024-03-05 10:00:00", KOLKATA)
    assert (begin, (end - begin).total_seconds()) == (datetime(2024, 3, 5, 4, 30, tzinfo=UTC), 1)
    assert read_span("someday", BERLIN) is None
