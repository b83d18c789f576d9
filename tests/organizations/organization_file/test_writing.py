from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from organizations.organization_file.reading import read_document
from organizations.organization_file.writing import write_document
from tests.factories.organization_files import WHOLE, whole

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.dates() | TEXTS | st.decimals(0, 10**9, places=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=15,
)


def test_short_mappings_are_written_on_one_line() -> None:
    document = {
        "zones": [{"code": "south", "name": "South", "active": False}],
        "tickets": {"statuses": [f"STATUS{number}" for number in range(20)]},
        "empty": [],
        "rate": Decimal("0.25"),
        "day": date(2026, 1, 2),
        "nothing": None,
    }
    assert write_document(document).splitlines() == [
        "zones:",
        "- {code: south, name: South, active: false}",
        "tickets:",
        "  statuses:",
        *[f"  - STATUS{number}" for number in range(20)],
        "empty: []",
        "rate: 0.25",
        "day: 2026-01-02",
        "nothing: null",
    ]


@pytest.mark.parametrize(
    "text", ["NO", "yes", "Off", "null", "~", "1001", "12:30", "1_000", "0x1F", "1e3", "2026-01-01", "", " a", "=", "<<"]
)
def test_readers_of_yaml_1_1_and_1_2_see_the_same_text(text: str) -> None:
    written = write_document({"key": text})
    assert read_document(written.encode()) == {"key": text}
    assert yaml.safe_load(written) == {"key": text}


def test_the_whole_document_reads_as_written() -> None:
    assert read_document(write_document(whole()).encode()) == read_document(WHOLE.read_bytes())


@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_whatever_is_written_is_read_again(document: dict[str, Any]) -> None:
    assert read_document(write_document(document).encode()) == document
