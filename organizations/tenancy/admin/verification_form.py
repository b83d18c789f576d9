"""How is it chosen what a caller must know to have an identifier changed? Four fields of the organization's form.

What is chosen is checked as the section `identity_verification` of the organization file (docs/protocol.md 4.3).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from organizations.organization_file.problems import Problems
from organizations.tenancy.organization_file import IDENTITY_FIELDS, IDENTITY_VERIFICATION

TITLE: Final = "Changing identifiers"
PREFIX: Final = "verification_"
NAMES: Final = tuple(f"{PREFIX}{key}" for key in IDENTITY_VERIFICATION.keys)


def verification_fields() -> dict[str, forms.Field]:
    """The form fields by name; whoever shows them fills in the choices (`offer_fields`)."""
    return {
        f"{PREFIX}mandatory": _fields("Must be known", "Each of them has to match what is stored."),
        f"{PREFIX}optional": _fields("May be known", "So many of them have to match as the next field says."),
        f"{PREFIX}optional_matches": forms.IntegerField(
            label="How many of those must match", required=False, min_value=0, widget=UnfoldAdminIntegerFieldWidget
        ),
        f"{PREFIX}otp": forms.BooleanField(
            label="A one-time code is needed",
            required=False,
            widget=UnfoldBooleanSwitchWidget,
            help_text="Issued on the customer's page, or by manage.py issue_otp.",
        ),
    }


def offer_fields(fields: Mapping[str, Any], section: Mapping[str, Any], names: Collection[str]) -> None:
    """Let the customers' fields `names` be chosen beside name and identifiers, and what the stored section names already."""
    for key in ("mandatory", "optional"):
        known = dict.fromkeys([*IDENTITY_FIELDS, *names, *section.get(key, ())])
        fields[f"{PREFIX}{key}"].choices = [(name, name) for name in known]


def shown_verification(section: Mapping[str, Any]) -> dict[str, Any]:
    """The stored section as the form shows it."""
    return {f"{PREFIX}{key}": section.get(key, kind.default) for key, kind in IDENTITY_VERIFICATION.keys.items()}


def read_verification(cleaned: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """What was chosen, in the file's shortest form; what does not fit together is noted under the fields' names."""
    typed = {name.removeprefix(PREFIX): cleaned.get(name) for name in NAMES}
    found = Problems()
    section = IDENTITY_VERIFICATION.read({key: value for key, value in typed.items() if value not in (None, "")}, "", found)
    for problem in found:
        problems.add(f"{PREFIX}{problem.path.split('[')[0]}", problem.message)
    shown: dict[str, Any] = IDENTITY_VERIFICATION.show(section)
    return shown


def describe_verification(section: Mapping[str, Any]) -> str:
    """The stored section in a sentence."""
    said = []
    if section.get("mandatory"):
        said.append(f"{', '.join(section['mandatory'])} must match")
    if section.get("optional_matches"):
        said.append(f"{section['optional_matches']} of {', '.join(section['optional'])} must match")
    if section.get("otp"):
        said.append("a one-time code is needed")
    return "; ".join(said) or "nothing is asked"


def _fields(label: str, hint: str) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, required=False, help_text=hint, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
