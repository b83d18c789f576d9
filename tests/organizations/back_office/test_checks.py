"""System checks of admin classes."""

import pytest
from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.checks import BackOfficeChecks
from organizations.back_office.filters import ChoiceFilter
from organizations.back_office.secret_columns import names_secret
from organizations.staff.models import StaffMember


def checked(**attributes: object) -> set[str]:
    """The ids of what the project's checks find in an admin class of staff."""
    made = type("Made", (BackOfficeAdmin,), attributes)(StaffMember, admin.site)
    return {str(error.id) for error in BackOfficeChecks().check(made) if str(error.id).startswith("back_office")}


def test_a_filter_declares_its_parameters() -> None:
    assert checked(list_filter=(("role", ChoiceFilter),)) == set()
    assert checked(list_filter=(("role", ChoicesDropdownFilter),)) == {"back_office.E001"}


@pytest.mark.parametrize(
    "attributes",
    [
        {"list_filter": (("password", ChoiceFilter),)},
        {"search_fields": ("username", "password")},
        {"search_fields": ("stores__tills__password_hash__exact",)},
        {"list_display": ("username", "password")},
        {"ordering": ("-password",)},
    ],
)
def test_no_list_names_a_secret(attributes: dict[str, object]) -> None:
    assert checked(**attributes) == {"back_office.E002"}


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((("username", "role"), ("last_login",)), set()),
        ((("username",), ("last_name",)), {"back_office.E003"}),
        ((("role",), ("last_login",)), {"back_office.E003"}),
    ],
)
def test_lines_of_a_row_are_columns_and_lead_to_it(lines: tuple[tuple[str, ...], ...], found: set[str]) -> None:
    assert checked(list_display=("username", "role", "last_login"), phone_lines=lines) == found


@pytest.mark.parametrize(
    ("path", "is_secret"),
    [
        ("password", True),
        ("till__password_hash_sha256__regex", True),
        ("api_clients__secret_hash", True),
        ("sealed", True),
        ("username", False),
        ("token_ttl", False),
    ],
)
def test_secrets_are_known_by_their_names(path: str, is_secret: bool) -> None:  # noqa: FBT001
    assert names_secret(path) is is_secret
