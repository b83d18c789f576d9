"""Identifiers in canonical form (docs/protocol.md 2.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.identifiers.values import read_email, read_external_id, read_mobile

INDIA_FIRST = ["IN", "GB", "AE"]


@pytest.mark.parametrize(
    "written",
    ["919812345678", "+919812345678", "+91 98123 45678", "+91-98123-45678", "9812345678", "98123 45678", "98123\u201145678"],
)
def test_mobile_is_kept_as_digits_with_the_country_code(written):
    assert read_mobile(written, countries=INDIA_FIRST) == "919812345678"


def test_national_mobile_is_read_in_the_country_of_the_request_first():
    assert read_mobile("7400123456", countries=INDIA_FIRST, country_code="44") == "447400123456"
    assert read_mobile("7400123456", countries=INDIA_FIRST) == "917400123456"


def test_national_mobile_falls_through_to_a_further_country():
    assert read_mobile("501234567", countries=INDIA_FIRST) == "971501234567"


def test_country_of_the_request_counts_only_where_it_is_supported():
    assert read_mobile("5035550123", countries=INDIA_FIRST, country_code="1") is None


@pytest.mark.parametrize(
    "written",
    [
        "",
        "12ab",
        "98765",
        "91987654321012345",
        "not a number",
        "+9812345678",
        "+12025550123",
        "९८१२३४५६७८",
        "9" * 400,
        "++919812345678",
    ],
)
def test_an_invalid_mobile_is_refused(written):
    assert read_mobile(written, countries=INDIA_FIRST) is None


def test_without_countries_no_mobile_can_be_read():
    assert read_mobile("919812345678", countries=[]) is None


@given(st.integers(6_000_000_000, 9_999_999_999))
def test_a_stored_mobile_reads_as_itself(number):
    stored = read_mobile(str(number), countries=["IN"])
    assert stored is None or read_mobile(stored, countries=["IN"]) == stored


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Guest.One+tag@Example.COM", "guest.one+tag@example.com"),
        ("a_b-c@mail.example.com", "a_b-c@mail.example.com"),
        ("Till@Shop.Local", "till@shop.local"),
    ],
)
def test_email_is_kept_in_lower_case(written, kept):
    assert read_email(written) == kept


@pytest.mark.parametrize(
    "written",
    ["", "plain", "two@@example.com", "sp ace@example.com", "umlaut-ü@example.com", "a@b", "@example.com", "a@",
     ".a@example.com",
     "a..b@example.com", "a@-x-.com", f"{'x' * 300}@example.com", "a@example.com\n", '"q"@example.com'],
)  # fmt: skip
def test_an_invalid_email_is_refused(written):
    assert read_email(written) is None


def test_external_id_is_trimmed_and_keeps_its_case():
    assert read_external_id("  Ab/ é ") == "Ab/ é"


@pytest.mark.parametrize("written", ["", "  ", "x" * 251, "a\x07b", "tab\tinside"])
def test_an_invalid_external_id_is_refused(written):
    assert read_external_id(written) is None


def test_external_id_follows_the_pattern_of_the_organization():
    assert read_external_id("NG-77", pattern=r"[A-Z]{2}-\d+") == "NG-77"
    assert read_external_id("NG-77x", pattern=r"[A-Z]{2}-\d+") is None
