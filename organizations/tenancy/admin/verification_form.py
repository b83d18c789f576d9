"""Form fields of what a caller must know to change an identifier.

The values are checked as the section `identity_verification` of the organization file (docs/protocol.md 4.3).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from organizations.back_office.forms import WholeNumberField
from organizations.organization_file.problems import Problems
from organizations.tenancy.organization_file import IDENTITY_FIELDS, IDENTITY_VERIFICATION

TITLE: Final = "Changing identifiers"
PREFIX: Final = "verification_"
NAMES: Final = tuple(f"{PREFIX}{key}" for key in IDENTITY_VERIFICATION.keys)


def verification_fields() -> dict[str, forms.Field]:
    """The form fields by name, without choices (see `offer_fields`)."""
    return {
        f"{PREFIX}mandatory": _fields("Mandatory fields", "Each must match the stored value."),
        f"{PREFIX}optional": _fields("Optional fields", "The next field says how many must match."),
        f"{PREFIX}optional_matches": WholeNumberField(
            label="Optional fields that must match", required=False, min_value=0, widget=UnfoldAdminIntegerFieldWidget
        ),
        f"{PREFIX}otp": forms.BooleanField(
            label="Require a one-time code",
            required=False,
            widget=UnfoldBooleanSwitchWidget,
            help_text="Issued on the customer's page or by manage.py issue_otp.",
        ),
    }


def offer_fields(fields: Mapping[str, Any], section: Mapping[str, Any], names: Collection[str]) -> None:
    """Offer name, identifiers, the customer fields `names`, and the fields of the stored section as choices."""
    for key in ("mandatory", "optional"):
        known = dict.fromkeys([*IDENTITY_FIELDS, *names, *section.get(key, ())])
        fields[f"{PREFIX}{key}"].choices = [(name, name) for name in known]


def shown_verification(section: Mapping[str, Any]) -> dict[str, Any]:
    """The stored section as the form shows it."""
    return {f"{PREFIX}{key}": section.get(key, kind.default) for key, kind in IDENTITY_VERIFICATION.keys.items()}


def read_verification(cleaned: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The chosen values in the shortest form of the file. Problems are added under the names of the fields."""
    typed = {name.removeprefix(PREFIX): cleaned.get(name) for name in NAMES}
    own_problems = Problems()
    section = IDENTITY_VERIFICATION.read(
        {key: value for key, value in typed.items() if value not in (None, "")}, "", own_problems
    )
    for problem in own_problems:
        problems.add(f"{PREFIX}{problem.path.split('[')[0]}", problem.message)
    shown: dict[str, Any] = IDENTITY_VERIFICATION.show(section)
    return shown


def describe_verification(section: Mapping[str, Any]) -> str:
    """The stored section in a sentence."""
    requirements = []
    if section.get("mandatory"):
        requirements.append(f"{', '.join(section['mandatory'])} must match")
    if section.get("optional_matches"):
        requirements.append(f"{section['optional_matches']} of {', '.join(section['optional'])} must match")
    if section.get("otp"):
        requirements.append("a one-time code is required")
    return "; ".join(requirements) or "nothing"


def _fields(label: str, hint: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, help_text=hint, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
