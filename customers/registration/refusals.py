"""Sentences on rows of files that are refused for their customer: which column, what it has, what is wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from loyalty_project.imports.cells import Values, reason, text_cell
from loyalty_project.imports.columns import IDENTIFIERS
from loyalty_project.protocol.codes import Code, CodeTable
from loyalty_project.protocol.errors import LoyaltyError
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True)
class _Reason:
    """Columns that a code may be about, and the end of the sentence on the first of them that is filled."""

    columns: tuple[str, ...]
    problem: str


_REQUIRED: Final = "every customer of this organization needs it"
_TAKEN: Final = "belongs to another customer"
_REASONS: Final[Mapping[CodeTable, _Reason]] = {
    Code.INVALID_INPUT: _Reason(("id",), "is not a number"),
    Code.FRAUD: _Reason(IDENTIFIERS, "is a customer who is marked as fraud"),
    Code.INVALID_EMAIL: _Reason(("email",), "is not an e-mail address"),
    Code.MOBILE_REQUIRED: _Reason(("mobile",), _REQUIRED),
    Code.NO_IDENTIFIER: _Reason(("mobile", "email", "external_id"), "one of them is needed"),
    Code.EXTERNAL_ID_NOT_ALLOWED: _Reason(("external_id",), "does not identify customers of this organization by itself"),
    Code.UNKNOWN_ID: _Reason(("id", *IDENTIFIERS), "is not the id of a customer"),
    Code.UNKNOWN_IDENTIFIER: _Reason(IDENTIFIERS, "identifies no customer, or several"),
    Code.ALREADY_REGISTERED: _Reason(IDENTIFIERS, "is registered already"),
    Code.IDENTIFIER_MISSING: _Reason(IDENTIFIERS, "one of them is needed"),
    Code.EMAIL_TAKEN: _Reason(("email",), _TAKEN),
    Code.INVALID_CUSTOM_FIELD: _Reason((), "a custom field that every customer needs has no value"),
    Code.MORE_THAN_EMAIL_REQUIRED: _Reason(("email",), "is not enough; a mobile or an external_id is needed too"),
    Code.ENROLMENT_FAILED: _Reason(("type", *IDENTIFIERS), "cannot join: no program is active"),
    Code.PROFILE_NOT_UPDATED: _Reason(IDENTIFIERS, "is a customer whose account is being deleted"),
    Code.MOBILE_TAKEN: _Reason(("mobile",), _TAKEN),
    Code.EXTERNAL_ID_TAKEN: _Reason(("external_id",), _TAKEN),
    Code.REGISTRATION_DATE_OUT_OF_LIMITS: _Reason(
        ("registered_on",), "is not a time, or too far in the past or future; write YYYY-MM-DD HH:MM:SS, or YYYY-MM-DD"
    ),
    Code.EXTERNAL_ID_FAILED: _Reason(("external_id", *IDENTIFIERS), "was given to another customer at the same moment"),
    Code.EMAIL_REQUIRED: _Reason(("email",), _REQUIRED),
    Code.EXTERNAL_ID_REQUIRED: _Reason(("external_id",), _REQUIRED),
    Code.NON_LOYALTY_NEEDS_MOBILE_OR_EMAIL: _Reason(("mobile", "email"), "a customer of another type needs one of them"),
    Code.LOYALTY_CANNOT_BE_LEFT: _Reason(("type",), "is not possible: the customer is of type LOYALTY, for good"),
    Code.PRIMARY_MISMATCH: _Reason(IDENTIFIERS, "is one customer, and another identifier of the row another"),
    Code.CONVERSION_NEEDS_EMAIL: _Reason(("email",), "a customer needs it to become one of type LOYALTY"),
    Code.CONVERSION_NEEDS_EXTERNAL_ID: _Reason(("external_id",), "a customer needs it to become one of type LOYALTY"),
    Code.INVALID_TEST_CONTROL_STATUS: _Reason(("test_control_status",), "is not TEST or CONTROL"),
    Code.COUNTRY_NOT_CONFIGURED: _Reason(("mobile",), "cannot be read: the organization has no country"),
    Code.INVALID_REGISTRATION_TILL: _Reason(("registered_till",), "is not an active till"),
    Code.INVALID_ATTRIBUTION_TILL: _Reason(("associated_with",), "is not an active till"),
}  # fmt: skip


def explained(error: LoyaltyError, row: Values, organization: Organization) -> LoyaltyError:
    """The error of a row with a sentence on its cause, unless it has one already."""
    if not error.detail:
        error.detail = _detail(error.code, row, organization)
    return error


def _detail(code: CodeTable, row: Values, organization: Organization) -> str:
    if code == Code.MALFORMED_IDENTIFIER:
        column = next((column for column in ("mobile", "email") if column in row), "external_id")
        return reason(column, text_cell(row, column), f"is not {_wanted(column, organization)}")
    if code == Code.INVALID_MOBILE:
        return reason("mobile", text_cell(row, "mobile"), f"is not {_wanted('mobile', organization)}")
    if code == Code.INVALID_EXTERNAL_ID:
        return reason("external_id", text_cell(row, "external_id"), f"is not {_wanted('external_id', organization)}")
    if code not in _REASONS:
        return ""
    columns, problem = _REASONS[code].columns, _REASONS[code].problem
    filled = next((column for column in columns if text_cell(row, column)), "")
    if filled:
        return reason(filled, text_cell(row, filled), problem)
    return f"{', '.join(columns)}: blank; {problem}" if columns else problem


def _wanted(column: str, organization: Organization) -> str:
    """What an identifier of this column has to be."""
    if column == "mobile":
        return f"a mobile number of {_any_of(organization.supported_countries)}"
    if column == "email":
        return "an e-mail address"
    pattern = organization.policy.external_id_pattern
    return (
        f"an external id of this organization, which matches {pattern}"
        if pattern
        else "an external id of at most 250 characters"
    )


def _any_of(countries: list[str]) -> str:
    """The countries in words: "IN", "IN or GB", "IN, GB or AE"."""
    return " or ".join(part for part in (", ".join(countries[:-1]), *countries[-1:]) if part)
