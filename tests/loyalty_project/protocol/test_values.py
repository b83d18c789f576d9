from collections.abc import Callable

import pytest

from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import MOST_ROWS, as_list, child, has_unusable_text, is_on, optional, rows, text


@pytest.mark.parametrize("value", ["\x00", "a\ud800", {"a\udfff": "b"}, ["ok", {"a": ["\x00"]}], {"a": {"b": "\ud83d"}}])
def test_nul_and_lone_surrogates_are_found_anywhere(value: object) -> None:
    assert has_unusable_text(value)


@pytest.mark.parametrize("value", [None, "", "山田 😀", {"a": ["b", None, {"c": ""}]}, []])
def test_other_text_is_usable(value: object) -> None:
    assert not has_unusable_text(value)


def test_text_takes_the_first_key_that_is_supplied_and_trims() -> None:
    assert text({"a": " ", "b": None, "c": " x "}, "a", "b", "c") == "x"


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_text_that_is_not_supplied_is_empty(value: object) -> None:
    assert text({"a": value}, "a", "b") == ""


def test_zero_counts_as_not_supplied_only_where_that_is_asked() -> None:
    assert (text({"a": "0"}, "a"), optional({"a": " 0 "}, "a"), optional({"a": "00"}, "a")) == ("0", "", "00")


def test_a_child_is_an_object_or_the_first_of_a_list() -> None:
    assert child({"a": {"b": "c"}}, "a") == {"b": "c"}
    assert child({"a": [{"b": "c"}, {"b": "d"}]}, "a") == {"b": "c"}


@pytest.mark.parametrize("value", [None, "", "x", [], ["x"]])
def test_a_child_that_is_no_object_is_empty(value: object) -> None:
    assert child({"a": value}, "a") == {}


@pytest.mark.parametrize(("value", "expected"), [(None, []), ("", []), ("x", ["x"]), ({}, [{}]), (["x"], ["x"])])
def test_a_list_a_single_value_and_nothing_are_lists(value: object, expected: list[object]) -> None:
    assert as_list(value) == expected


@pytest.mark.parametrize(
    "container",
    [
        {"field": [{"name": "a"}, {"name": "b"}]},
        [{"name": "a"}, {"name": "b"}],
        {"field": ["text", {"name": "a"}, None, {"name": "b"}]},
    ],
)
def test_rows_are_found_however_they_are_wrapped(container: object) -> None:
    assert rows({"custom_fields": container}, "custom_fields", "field") == [{"name": "a"}, {"name": "b"}]


@pytest.mark.parametrize("container", [None, "", {"field": None}, {"field": ""}, {}, "text"])
def test_rows_of_nothing_are_none(container: object) -> None:
    assert rows({"custom_fields": container}, "custom_fields", "field") == []


@pytest.mark.parametrize("container", [{"field": {"name": "a"}}, {"name": "a"}])
def test_a_single_row_needs_no_list(container: object) -> None:
    assert rows({"custom_fields": container}, "custom_fields", "field") == [{"name": "a"}]


@pytest.mark.parametrize("value", [{"a": "1"}, ["1"], [["1"]]])
def test_object_or_list_in_the_place_of_text_is_400(value):
    with pytest.raises(LoyaltyError) as caught:
        text({"mobile": value}, "mobile")
    assert caught.value.code == Code.INVALID_INPUT


def test_a_flag_is_on_for_true_and_1() -> None:
    assert [is_on({"mlp": given}, "mlp") for given in ("true", "TRUE", "1", "0", "yes", "")] == [True] * 3 + [False] * 3
    assert is_on({"mlp": ""}, "mlp", default=True)
    assert is_on({}, "mlp", default=True)


@pytest.mark.parametrize("entry", [{"name": "x"}, "x", None])
@pytest.mark.parametrize("wrap", [lambda entries: {"field": entries}, lambda entries: entries])
def test_a_list_inside_an_item_has_at_most_a_hundred_entries(entry: object, wrap: Callable[[list[object]], object]) -> None:
    assert len(rows({"fields": wrap([entry] * MOST_ROWS)}, "fields", "field")) in {0, MOST_ROWS}
    with pytest.raises(LoyaltyError) as caught:
        rows({"fields": wrap([entry] * (MOST_ROWS + 1))}, "fields", "field")
    assert caught.value.code is Code.INVALID_INPUT
