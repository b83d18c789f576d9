"""Values of fields (docs/protocol.md 3)."""

import pytest

from customers.profile.field_values import NotAnOptionError, WrongTypeError, read_gender, read_value, write_value
from organizations.fields.models import FieldDefinition


def field(kind: str, **more: object) -> FieldDefinition:
    return FieldDefinition(name="question", type=kind, **more)


COLOURS = ["Green", "Blue"]
# Normalization of this text takes seconds.
TANGLED = "\u0345\u0301" * 20_000


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("text", "Any text", "Any text"),
        ("number", "34", "34"),
        ("number", "034.50", "34.5"),
        ("number", "0.00", "0"),
        ("number", "-1e3", "-1000"),
        ("date", "1990/05/17", "1990-05-17"),
        ("date", "1990-5-7 10:00:00", "1990-05-07"),
        ("boolean", "TRUE", "true"),
        ("boolean", "0", "false"),
        ("enum", "green", "Green"),
        ("multi", '["blue","GREEN"]', ["Green", "Blue"]),
        ("multi", "blue, green", ["Green", "Blue"]),
        ("multi", "Blue", ["Blue"]),
    ],
)
def test_values_are_kept_in_canonical_form(kind, written, kept):
    assert read_value(written, field(kind, options=COLOURS)) == kept


@pytest.mark.parametrize(
    ("written", "chosen"), [("Sila", "Sila"), ("S\u0131la", "S\u0131la"), ("SILA", "S\u0131la"), ("Si\u200bla", "S\u0131la")]
)
def test_an_option_that_is_named_exactly_precedes_its_namesakes(written, chosen):
    assert read_value(written, field("enum", options=["S\u0131la", "Sila"])) == chosen


@pytest.mark.parametrize(("kind", "written"), [("enum", "Mauve"), ("multi", "Blue,Mauve"), ("multi", '["Mauve"]')])
def test_a_value_that_is_no_option_has_its_own_code(kind, written):
    with pytest.raises(NotAnOptionError):
        read_value(written, field(kind, options=COLOURS))


@pytest.mark.parametrize(
    ("kind", "written"),
    [("number", "old"), ("number", "NaN"), ("number", "1e99"), ("date", "17 May"), ("date", "1990-02-30"),
     ("boolean", "perhaps"),
     ("text", "x" * 2001), ("multi", '["Blue"'), ("multi", "[[1]]"), ("multi", "[" * 100_000)],
)  # fmt: skip
def test_a_wrong_type_has_its_own_code(kind, written):
    with pytest.raises(WrongTypeError):
        read_value(written, field(kind, options=COLOURS))


def test_text_is_as_long_as_its_field_allows():
    assert read_value("x" * 20, field("text", max_length=20)) == "x" * 20
    with pytest.raises(WrongTypeError):
        read_value("x" * 21, field("text", max_length=20))


def test_several_options_print_as_an_array_in_a_string():
    assert write_value(["Tea", "Café"]) == '["Tea","Café"]'


@pytest.mark.parametrize(("written", "kept"), [("M", "Male"), ("f", "Female"), ("female", "Female")])
def test_gender_may_be_a_letter(written, kept):
    assert read_gender(written, field("enum", options=["Male", "Female", "Other"])) == kept


def test_letter_of_two_options_is_no_option():
    with pytest.raises(NotAnOptionError):
        read_gender("M", field("enum", options=["Male", "Mixed"]))


def test_gender_may_be_free_text():
    assert read_gender("M", field("text")) == "M"


@pytest.mark.parametrize("kind", ["number", "date", "boolean", "text"])
def test_a_value_above_two_thousand_characters_has_the_wrong_type(kind):
    with pytest.raises(WrongTypeError):
        read_value("0." + "1" * 2000, field(kind))


def test_a_text_that_is_too_long_is_not_an_option():
    with pytest.raises(NotAnOptionError):
        read_value(TANGLED, field("enum", options=COLOURS))
    with pytest.raises(NotAnOptionError):
        read_gender(TANGLED, field("enum", options=COLOURS))
    with pytest.raises(NotAnOptionError):
        read_value(f"Blue,{TANGLED}", field("multi", options=COLOURS))


def test_more_options_than_a_field_may_have_are_refused():
    assert read_value(",".join(["Blue"] * 100), field("multi", options=COLOURS)) == ["Blue"]
    with pytest.raises(WrongTypeError):
        read_value(",".join(["Blue"] * 101), field("multi", options=COLOURS))
    many = [f"option {number}" for number in range(300)]
    assert read_value(",".join(many), field("multi", options=many)) == many
