"""The `q` of a search (docs/protocol.md 4.4)."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.search.grammar import (
    MOST_CHARACTERS,
    MOST_CONDITIONS,
    MOST_VALUES,
    Condition,
    Operator,
    raw_search,
    read_search,
)
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from tests.timing import cpu_seconds


def only_condition(text: str) -> Condition:
    (condition,) = read_search(text)
    return condition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(lastname:EXACT:Rao)", Condition("lastname", Operator.EXACT, ("Rao",))),
        ("mobile:EQUALS:9812300001", Condition("mobile", Operator.EQUALS, ("9812300001",))),
        ("(color:Red)", Condition("color", Operator.EQUALS, ("Red",))),
        ("color:in", Condition("color", Operator.EQUALS, ("in",))),
        (" ( lastname : exact :Rao) ", Condition("lastname", Operator.EXACT, ("Rao",))),
        ("(lastname:EXACT: Rao )", Condition("lastname", Operator.EXACT, (" Rao ",))),
        ("(size:IN:S;M; L)", Condition("size", Operator.IN, ("S", "M", " L"))),
        ("(size:IN:S)", Condition("size", Operator.IN, ("S",))),
        ("(registered_date:RANGE:2021-05-01;2021-05-03)",
         Condition("registered_date", Operator.RANGE, ("2021-05-01", "2021-05-03"))),
        ("(registered_date:ON:2021-05-01 10:20:30)",
         Condition("registered_date", Operator.ON, ("2021-05-01 10:20:30",))),
        ("(lastname:EXACT:Rao & Sons)", Condition("lastname", Operator.EXACT, ("Rao & Sons",))),
        (r"(lastname:EXACT:Rao \(the 2nd\)\; \\)", Condition("lastname", Operator.EXACT, (r"Rao (the 2nd); \\"[:-1],))),
        (r"(Best \: worst:a\:b)", Condition("Best : worst", Operator.EQUALS, ("a:b",))),
        ("(größe:IN:ß;Ö)", Condition("größe", Operator.IN, ("ß", "Ö"))),
    ],
)  # fmt: skip
def test_a_condition_is_read(text, expected):
    assert only_condition(text) == expected


@pytest.mark.parametrize("joined", ["(a:1)&(b:2)", "(a:1) & (b:2)", " ( a :1)&( b:2) "])
def test_conditions_are_joined(joined):
    assert [(condition.attribute, condition.value) for condition in read_search(joined)] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "()", "(", ")", "((a:1)", "(a:1", "a:1)", "(a:1))", "((a:1))", "a", "(a)", "a:", "(a:)", "(:1)", ":1",
        "(a:EXACT:)", "(a:SOUNDSLIKE:1)", "(a:b:c)", "(a::1)", "(a:1)(b:2)", "(a:1)&", "(a:1)&b:2", "(a:1)|(b:2)", "(a:1)x",
        "&(a:1)", "(a:EXACT:1;2)", "(a:RANGE:1)", "(a:RANGE:1;2;3)", "(a:RANGE:1;)", "(a:IN:;)", "(a:IN:1;;2)", "(a:1(2)",
        "a:1\\",
        "a:\0", "a:\ud800", "(" * 500, "(a:1)&" * MOST_CONDITIONS + "(a:1)", f"(a:IN:{';'.join('1' * (MOST_VALUES + 1))})",
        f"(a:{'1' * MOST_CHARACTERS})",
    ],
)  # fmt: skip
def test_an_unreadable_or_too_long_search_is_400(text):
    with pytest.raises(LoyaltyError) as refused:
        read_search(text)
    assert refused.value.code is Code.INVALID_INPUT


def test_a_search_of_the_greatest_length_is_read():
    assert len(read_search("&".join(["(a:1)"] * MOST_CONDITIONS))) == MOST_CONDITIONS
    assert len(only_condition(f"(a:IN:{';'.join('1' * MOST_VALUES)})").values) == MOST_VALUES


@given(st.text(alphabet=st.one_of(st.sampled_from(r"()&:;\ aINEXCT"), st.characters())))
def test_any_text_is_read_or_refused(text):
    try:
        conditions = read_search(text)
    except LoyaltyError:
        return
    assert all(condition.attribute and all(condition.values) for condition in conditions)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50))
def test_an_escaped_value_is_read_as_it_was(value):
    escaped = "".join(f"\\{character}" for character in value)
    assert only_condition(f"(a:EXACT:{escaped})").value == value


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("rows=5", ""),
        ("q=", ""),
        ("q=a:1", "a:1"),
        ("rows=5&q=(a:1)&start=0", "(a:1)"),
        ("q=(a:1)&(b:2)&rows=5", "(a:1)&(b:2)"),
        ("q=(a:1)&%20(b:2)", "(a:1)& (b:2)"),
        ("q=(a:Rao%20&%20Sons)&rows=5", "(a:Rao & Sons)"),
        ("q=(a:x&y=z)&rows=5", "(a:x&y=z)"),
        (r"q=(a:\))&rows=5", r"(a:\))"),
        ("q=(a:1)&q=(b:2)", "(b:2)"),
        ("(b:2)&q=(a:1)", "(a:1)"),
        ("%20q%20=a:1", "a:1"),
        ("q=(a:one+two)", "(a:one two)"),
        ("q=" + quote("(a:größe)&(b:ü)"), "(a:größe)&(b:ü)"),
        ("q=" + quote_plus("(a:+1 2)"), "(a:+1 2)"),
        ("q=%FF", "\ufffd"),
        ("q=gr\xc3\xb6\xc3\x9fe:1", "größe:1"),
    ],
)
def test_a_plain_ampersand_is_joined_again(query, expected):
    assert raw_search(query) == expected


def test_joining_ends_where_nothing_could_be_read_any_more():
    search = raw_search("q=(a:" + "&".join(["x" * 1000] * 100))
    assert MOST_CHARACTERS < len(search) < 2 * MOST_CHARACTERS


@pytest.mark.parametrize("piece", ["&", "&a", "&(", "&%28", r"&\("])
def test_a_query_string_of_many_pieces_is_joined_quickly(piece: str) -> None:
    query_string = "q=(" + "\\(" * 4000 + piece * 20_000
    assert cpu_seconds(lambda: raw_search(query_string)) < 0.5


def test_an_attribute_that_is_too_long_is_read_but_names_no_field() -> None:
    assert only_condition("x" * 5000 + ":1").attribute == "x" * 5000
