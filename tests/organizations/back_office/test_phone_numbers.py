"""The form field of mobile numbers, with a choice of countries."""

from collections.abc import Sequence

import pytest
from django import forms

from organizations.back_office.phone_numbers import MobileField

INDIA_AND_SINGAPORE = ("IN", "SG")


def form_of(countries: Sequence[str], initial: str = "", data: dict[str, str] | None = None) -> forms.Form:
    form_class = type("MobileForm", (forms.Form,), {"mobile": MobileField(countries=countries, required=False)})
    made: forms.Form = form_class(data, initial={"mobile": initial} if initial else {})
    return made


def inputs_of(form: forms.Form) -> list[str]:
    """The values that the widget shows: the country and the number."""
    widget = form["mobile"].subwidgets[0].data["subwidgets"]
    return ["".join(part["value"] or ()) for part in widget]


def read(number: str, country: str = "", countries: Sequence[str] = INDIA_AND_SINGAPORE) -> str:
    form = form_of(countries, data={"mobile": number, "mobile_country": country})
    assert form.is_valid(), form.errors
    typed: str = form.cleaned_data["mobile"]
    return typed


@pytest.mark.parametrize(
    ("number", "country", "value"),
    [
        ("98123 00001", "IN", "+919812300001"),
        ("098123-00001", "IN", "+919812300001"),
        ("919812300001", "IN", "+919812300001"),
        ("0091 98123 00001", "IN", "+919812300001"),
        ("(098123) 00.001", "IN", "+919812300001"),
        ("\u202a\uff19812300001\u202c", "IN", "+919812300001"),
        ("+91 (0) 98123/00001", "IN", "+919812300001"),
        ("+65 9123 4567", "IN", "+6591234567"),
        ("9123 4567", "SG", "+6591234567"),
    ],
)
def test_a_number_gets_the_code_of_its_country(number: str, country: str, value: str) -> None:
    assert read(number, country) == value


@pytest.mark.parametrize(
    ("number", "country"), [("98123 00001", ""), ("1", "IN"), ("98123FLOWER", "IN"), ("9812300001x5", "IN")]
)
def test_other_text_is_passed_on_as_typed(number: str, country: str) -> None:
    assert read(number, country) == number


def test_an_unlikely_number_is_left_to_the_registration() -> None:
    assert read("12", "IN") == "+9112"


def test_a_country_alone_is_no_number() -> None:
    assert read("", "IN") == ""
    assert not form_of(INDIA_AND_SINGAPORE, data={"mobile": "", "mobile_country": "IN"}).has_changed()


def test_a_country_that_is_not_configured_is_refused() -> None:
    form = form_of(INDIA_AND_SINGAPORE, data={"mobile": "650 253 0000", "mobile_country": "US"})
    assert list(form.errors) == ["mobile"]


def test_a_new_number_is_of_the_base_country() -> None:
    assert inputs_of(form_of(INDIA_AND_SINGAPORE)) == ["IN", ""]


@pytest.mark.parametrize(
    ("digits", "shown"),
    [
        ("919812300001", ["IN", "98123 00001"]),
        ("6591234567", ["SG", "9123 4567"]),
        ("16502530000", ["", "+1 650-253-0000"]),
        ("911234", ["", "911234"]),
    ],
)
def test_a_stored_number_is_shown_and_unchanged(digits: str, shown: list[str]) -> None:
    assert inputs_of(form_of(INDIA_AND_SINGAPORE, digits)) == shown
    data = dict(zip(("mobile_country", "mobile"), shown, strict=True))
    assert not form_of(INDIA_AND_SINGAPORE, digits, data).has_changed()


def test_another_number_or_country_is_a_change() -> None:
    for data in ({"mobile": "98123 00002", "mobile_country": "IN"}, {"mobile": "98123 00001", "mobile_country": "SG"}):
        assert form_of(INDIA_AND_SINGAPORE, "919812300001", data).has_changed()


def test_without_countries_there_is_only_the_number() -> None:
    form = form_of((), "919812300001")
    assert inputs_of(form) == ["", "+91 98123 00001"]
    assert "<select" not in str(form["mobile"])
    assert not form_of((), "919812300001", {"mobile": "+91 98123 00001", "mobile_country": ""}).has_changed()
