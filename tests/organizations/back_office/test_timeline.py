"""Keys of timelines, and pages of several sources."""

from datetime import UTC, datetime, timedelta

import pytest

from organizations.back_office.timeline import TimelineKey, TimelineRow, merge_rows, read_key

NOON = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize("at", [NOON, datetime(1955, 3, 1, tzinfo=UTC)])
def test_a_key_is_read_as_it_was_written(at: datetime) -> None:
    key = TimelineKey(at, 3, 41)
    assert read_key(str(key)) == key


@pytest.mark.parametrize("text", ["", "x", "1.2", "1.2.3.4", "1.2.-3", "٣.1.1", f"{10**17}.1.1", f"1.1.{10**19}", "1.2.3\n"])
def test_other_texts_are_no_keys(text: str) -> None:
    assert read_key(text) is None


def row(source: int, pk: int, hours: int) -> TimelineRow:
    return TimelineRow(key=TimelineKey(NOON - hours * timedelta(hours=1), source, pk), icon="", title=f"{source}.{pk}")


def test_rows_of_all_sources_are_one_page_newest_first() -> None:
    rows, older = merge_rows([[row(1, 5, 0), row(1, 4, 2)], [row(2, 9, 0), row(2, 8, 1)]], limit=3)
    assert [row.title for row in rows] == ["2.9", "1.5", "2.8"]
    assert older == rows[-1].key


def test_the_last_page_has_no_key_of_older_rows() -> None:
    rows, older = merge_rows([[row(1, 5, 0)], []], limit=1)
    assert ([row.title for row in rows], older) == (["1.5"], None)
