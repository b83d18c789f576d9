"""Phone numbers: how they are written, read and shown (docs/protocol.md 2.2)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_project.phone_numbers import format_mobile, plain_number, read_mobile, stored_mobile

INDIA_FIRST = ["IN", "GB", "AE"]
SINGAPORE_FIRST = ["SG", "IN", "GB", "US", "CN", "KE"]
STORED = "919812345678"


def digits_of(zero: str) -> str:
    return "".join(chr(ord(zero) + int(digit)) for digit in "9812345678")


@pytest.mark.parametrize(
    "written",
    [
        "919812345678",
        "+919812345678",
        "+91 98123 45678",
        "+91-98123-45678",
        "9812345678",
        "98123 45678",
        "98123\u201145678",
        "98123.45678",
        "98123/45678",
        "98123\u00b745678",
        "98123\u221245678",
        "(98123) 45678",
        "[98123] 45678",
        "\uff0898123\uff09\uff0f45678",
        "09812345678",
        "(0)98123 45678",
        "+91 (0) 98123 45678",
        "+91(0)98123-45678",
        "91 (0) 98123 45678",
        "(+91) (0) 98123 45678",
        "+91 0 98123 45678",
        "0091 98123 45678",
        "0091 (0) 98123 45678",
        "(0091) 98123 45678",
        "\uff0b91 9812345678",
        "\u202a+91 98123 45678\u202c",
        "\u200e9812345678",
        "98123\u200b45678",
        "\ufeff9812345678",
        "98123\u00a045678",
        "98123\u300045678",
        "98123\u00ad45678",
        digits_of("\uff10"),
        digits_of("\u0660"),
        digits_of("\u06f0"),
        digits_of("\u0966"),
    ],
)
def test_what_numbers_are_written_with_is_removed(written: str) -> None:
    assert read_mobile(written, countries=INDIA_FIRST) == STORED


@pytest.mark.parametrize(
    "written",
    [
        "",
        "12ab",
        "98765",
        "91987654321012345",
        "not a number",
        "9812345678 x12",
        "98123_45678",
        "98123,45678",
        "98123+45678",
        "++919812345678",
        "+0091 9812345678",
        "+9812345678",
        "009812345678",
        "+12025550123",
        "9" * 400,
        "9812345678" + " " * 200,
        "\u00b2" * 10,
    ],
)
def test_an_invalid_mobile_is_refused(written: str) -> None:
    assert read_mobile(written, countries=INDIA_FIRST) is None


def test_a_bracketed_zero_elsewhere_is_a_digit() -> None:
    assert plain_number("981(0)2345678") == "98102345678"
    assert plain_number("+91 981(0)2345678") == "+9198102345678"


def test_a_bracketed_zero_goes_where_the_country_has_none() -> None:
    assert read_mobile("+34 (0) 612 345 678", countries=["ES"]) == "34612345678"
    assert read_mobile("0034(0)612345678", countries=["ES"]) == "34612345678"


def test_a_bracketed_zero_stays_where_the_country_keeps_it() -> None:
    assert read_mobile("+39 (0)6 6982 1234", countries=["IT"]) == "390669821234"


def test_the_country_of_the_request_goes_before_the_base() -> None:
    assert read_mobile("7400123456", countries=INDIA_FIRST, country_code="44") == "447400123456"
    assert read_mobile("7400123456", countries=INDIA_FIRST) == "917400123456"


def test_national_in_the_base_precedes_international_in_the_sent_country() -> None:
    assert read_mobile("6591234567", countries=["IN", "SG"], country_code="65") == "916591234567"


def test_the_country_of_the_request_does_not_spoil_a_number_of_the_base() -> None:
    assert read_mobile("9812345678", countries=INDIA_FIRST, country_code="971") == STORED


def test_the_country_of_the_request_counts_only_where_it_is_configured() -> None:
    assert read_mobile("5035550123", countries=INDIA_FIRST, country_code="1") is None


def test_a_national_number_of_the_request_is_not_another_countrys() -> None:
    # 468 is an area of Canada, and 46 is Sweden.
    for written in ("4685557808", "(468) 555-7808", "+1 468 555 7808", "14685557808"):
        assert read_mobile(written, countries=["IN", "SE", "US"], country_code="1") == "14685557808"
    assert read_mobile("4685557808", countries=["US", "SE"]) == "14685557808"


def test_a_number_international_in_a_further_country_needs_no_plus() -> None:
    assert read_mobile("447400123456", countries=INDIA_FIRST) == "447400123456"
    assert read_mobile("971501234567", countries=INDIA_FIRST) == "971501234567"


def test_international_in_the_base_goes_before_national_elsewhere() -> None:
    assert read_mobile("6591234567", countries=SINGAPORE_FIRST) == "6591234567"
    assert read_mobile("6591234567", countries=["IN", "SG"]) == "916591234567"


def test_a_number_national_in_several_further_countries_is_refused() -> None:
    assert read_mobile("7400123456", countries=SINGAPORE_FIRST) is None


def test_a_number_national_in_one_further_country_is_read() -> None:
    assert read_mobile("0712345678", countries=SINGAPORE_FIRST) == "254712345678"
    assert read_mobile("501234567", countries=INDIA_FIRST) == "971501234567"


@pytest.mark.parametrize("mobile", ["447797712345", "447781123456", "447624412345"])
def test_a_country_stands_for_its_calling_code(mobile: str) -> None:
    assert read_mobile(f"+{mobile}", countries=INDIA_FIRST) == mobile
    assert read_mobile(f"0{mobile[2:]}", countries=["GB"]) == mobile
    assert read_mobile(f"+{mobile}", countries=["JE"]) == mobile


def test_countries_of_one_calling_code_fit_together() -> None:
    assert read_mobile("2145550154", countries=["SG", "US", "CA"]) == "12145550154"


def test_without_countries_no_mobile_can_be_read() -> None:
    assert read_mobile(STORED, countries=[]) is None


def test_a_lenient_reading_asks_for_the_length_of_a_mobile() -> None:
    unknown = "915651912345"
    assert read_mobile(f"+{unknown}", countries=["IN"]) is None
    for written in (f"+{unknown}", unknown, unknown[2:], f"0{unknown[2:]}"):
        assert read_mobile(written, countries=["IN"], is_lenient=True) == unknown
    for written in ("+91565", "+9156519123", "56519123", "+46701234567"):
        assert read_mobile(written, countries=["IN"], is_lenient=True) is None


def test_a_valid_reading_goes_before_a_lenient_one() -> None:
    assert read_mobile("447400123456", countries=["IN", "GB"], is_lenient=True) == "447400123456"
    assert read_mobile("501234567", countries=INDIA_FIRST, is_lenient=True) == "971501234567"


def test_a_look_up_finds_numbers_of_other_countries_as_they_are_stored() -> None:
    for written in ("971501234567", "+971 50 123 4567", "00971501234567"):
        assert read_mobile(written, countries=["IN"]) is None
        assert stored_mobile(written, countries=["IN"]) == "971501234567"
    assert stored_mobile("98123 45678", countries=["IN"]) == STORED


@pytest.mark.parametrize("written", ["", "12", "12ab", "9" * 18, "98123,45678"])
def test_a_look_up_by_what_is_not_a_number_is_refused(written: str) -> None:
    assert stored_mobile(written, countries=["IN"]) is None


@given(st.integers(6_000_000_000, 9_999_999_999))
def test_a_stored_mobile_reads_as_itself(number: int) -> None:
    stored = read_mobile(str(number), countries=["IN"])
    assert stored is None or read_mobile(stored, countries=["IN"]) == stored


def test_a_reading_is_quick_once_it_was_made() -> None:
    read_mobile("+91 98123 45678", countries=INDIA_FIRST)
    started = time.process_time()
    for _ in range(1000):
        read_mobile("+91 98123 45678", countries=INDIA_FIRST)
    assert time.process_time() - started < 0.05


@pytest.mark.parametrize(
    ("digits", "shown"),
    [("919812300001", "+91 98123 00001"), ("6591234567", "+65 9123 4567"), ("91123", "91123"), ("a@b.in", "a@b.in"), ("", "")],
)
def test_a_mobile_is_shown_in_international_format(digits: str, shown: str) -> None:
    assert format_mobile(digits) == shown
