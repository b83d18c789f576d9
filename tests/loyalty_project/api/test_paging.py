"""Numbers and words of a query (docs/protocol.md 4)."""

import pytest

from loyalty_project.api.paging import read_limit, read_number, read_order
from loyalty_project.protocol.errors import LoyaltyError

COLUMNS = {"when": "billed_at", "id": "id"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [({}, 10), ({"a": ""}, 10), ({"a": "0"}, 10), ({"a": "7"}, 7), ({"a": "0", "b": "3"}, 3), ({"a": "1001"}, 1000)],
)
def test_a_limit_has_a_default_and_an_end(query: dict[str, str], expected: int) -> None:
    assert read_limit(query, "a", "b") == expected


@pytest.mark.parametrize("text", ["x", "-1", "1.5", "٣", "9" * 19])
def test_a_number_is_whole_and_not_below_zero(text: str) -> None:
    with pytest.raises(LoyaltyError, match="400"):
        read_number({"a": text}, "a")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "bill.billed_at DESC, bill.id DESC"),
        ({"sort": "id"}, "bill.id DESC"),
        ({"sort": "WHEN", "order": "Asc"}, "bill.billed_at ASC, bill.id ASC"),
        ({"sort": "asc"}, "bill.billed_at ASC, bill.id ASC"),
        ({"sort": "asc", "order": "desc"}, "bill.billed_at DESC, bill.id DESC"),
    ],
)
def test_an_order_ends_with_the_id(query: dict[str, str], expected: str) -> None:
    assert read_order(query, COLUMNS, of="bill") == expected


@pytest.mark.parametrize("query", [{"sort": "amount"}, {"order": "up"}])
def test_other_words_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(LoyaltyError, match="400"):
        read_order(query, COLUMNS, of="bill")
