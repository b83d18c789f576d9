"""Personal data as the current user may see it: in full, or masked (docs/back-office.md, Personal data).

Every page prints the names, identifiers and texts of customers through these functions. Outside of the back office nothing is
masked. `customer_id` is that of the customer that the value is about; None for a person who is no customer.
"""

from typing import Any

from loyalty_project.phone_numbers import format_mobile
from organizations.staff.masks import HIDDEN, mask_identifier, mask_name
from organizations.staff.reach import current_reach


def sees_person(customer_id: int | None) -> bool:
    """True if the current user sees the personal data of this customer in full: by role, or because it is revealed."""
    return current_reach().sees_person(customer_id)


def shown_name(firstname: str, lastname: str, *, customer_id: int | None) -> str:
    """First and last name as one text, "" without both."""
    if sees_person(customer_id):
        return f"{firstname} {lastname}".strip()
    return mask_name(firstname, lastname)


def shown_identifier(kind: str, value: str, *, customer_id: int | None) -> str:
    """An identifier as staff read it: a mobile number in international format."""
    if sees_person(customer_id):
        return format_mobile(value) if kind == "mobile" else value
    return mask_identifier(kind, value)


def shown_value(value: Any, *, customer_id: int | None) -> Any:
    """What was written or answered about the customer: itself, or that it is hidden. No value stays none."""
    return value if value in (None, "", [], {}) or sees_person(customer_id) else HIDDEN
