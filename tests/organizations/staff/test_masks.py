"""Masked forms of personal data."""

import pytest

from organizations.staff.masks import mask_code, mask_email, mask_identifier, mask_mobile, mask_name


@pytest.mark.parametrize(
    ("digits", "masked"),
    [
        ("919812300678", "+91 •••••••678"),
        ("14165550123", "+1 •••••••123"),
        ("971501234567", "+971 •••••••567"),
        # No country code begins like this, and no number is so short.
        ("9991234567", "•••••••567"),
        ("91981", "+91 •••••••"),
        ("", "•••••••"),
        ("٩١٩٨١٢٣", "•••••••١٢٣"),
    ],
)
def test_a_mobile_keeps_its_country_code_and_three_digits(digits: str, masked: str) -> None:
    assert mask_mobile(digits) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("anna.rao@example.com", "a•••@e•••.com"),
        ("a@b.co.in", "a•••@b•••.in"),
        ("anna@localhost", "a•••@l•••"),
        ("no address", "•••ess"),
    ],
)
def test_an_address_keeps_first_letters_and_the_end_of_its_domain(address: str, masked: str) -> None:
    assert mask_email(address) == masked


def test_names_keep_their_first_letters_whatever_their_length() -> None:
    assert mask_name("Anna", "Rao") == mask_name("Anastasia", "Rasmussen") == "A••• R•••"
    assert mask_name("娜", "李") == "••• •••"
    assert (mask_name("", "Rao"), mask_name("", "")) == ("R•••", "")


def test_of_a_short_code_nothing_is_left() -> None:
    assert [mask_code(value) for value in ("NW-0012345", "NW-012", "NW-01", "")] == ["•••345", "•••012", "•••", ""]


def test_an_identifier_is_masked_by_its_kind() -> None:
    kinds = {"mobile": "919812300678", "email": "anna@example.com", "external_id": "NW-0012345"}
    masked = [mask_identifier(kind, value) for kind, value in kinds.items()]
    assert masked == ["+91 •••••••678", "a•••@e•••.com", "•••345"]
    assert [mask_identifier(kind, "") for kind in kinds] == ["", "", ""]
