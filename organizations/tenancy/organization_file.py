"""Sections of the organization file about the organization itself: `organization`, `settings`, `identity_verification`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields as attributes_of
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from organizations.fields.organization_file import customer_field_names
from organizations.organization_file.common_keys import CODES, LANGUAGE
from organizations.organization_file.differences import differences
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.references import check_name, check_names
from organizations.organization_file.schema import (
    Flag,
    Kind,
    ListOf,
    Number,
    Struct,
    Text,
    Whole,
    column_text,
    optional,
    plain_number,
    required,
)
from organizations.organization_file.sections import Column, Document, Section, as_json
from organizations.policies import ALIASES, DEFAULTS, NAMES, Policy, read_flag
from organizations.tenancy.models import Organization

IDENTITY_FIELDS: Final = ("firstname", "lastname", "mobile", "email", "external_id")
FIELD_SETTINGS: Final = ("CONF_LOYALTY_REGISTER_CUSTOMER_GENDER", "CONF_LOYALTY_REGISTER_CUSTOMER_AGE")

_ATTRIBUTES: Final = {attribute.metadata["name"]: attribute.name for attribute in attributes_of(Policy)}
_AMOUNT: Final = Number(3)
# As they are stored, to be compared with the settings of a file.
_STORED_DEFAULTS: Final = {name: read_flag(name, DEFAULTS[name])[1] for name in NAMES}


@cache
def _timezones() -> set[str]:
    return available_timezones()


def _check_timezone(value: str) -> None:
    if value not in _timezones():
        raise ValidationError("must be a time zone of the IANA database, like Asia/Kolkata")


def _check_country(value: str) -> None:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError("must be a country of ISO 3166-1 in two capital letters, like IN")


_COUNTRY: Final = Text(2, validators=[_check_country])
_CURRENCY: Final = RegexValidator(r"^[A-Z]{3}\Z", "must be a currency of ISO 4217 in three capital letters, like INR")

ORGANIZATION: Final = Struct(
    {
        "code": required(column_text(Organization, "code")),
        "name": required(column_text(Organization, "name")),
        "timezone": optional(Text(64, validators=[_check_timezone]), "UTC"),
        "currency": optional(Text(3, validators=[_CURRENCY]), "USD"),
        "base_country": optional(_COUNTRY),
        "countries": optional(ListOf(_COUNTRY, unique=True), []),
        "language": optional(Text(10, validators=[LANGUAGE]), "en"),
    }
)


class Settings(Kind):
    """Policy flags by their documented names, read as they are stored; flags with their default value are left out."""

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems.add(path, "must be a mapping")
            return value
        settings: dict[str, Any] = value
        flags: dict[str, Any] = {}
        for name, given in settings.items():
            try:
                own = ALIASES.get(name, name)
                flag = read_flag(own, DEFAULTS.get(own) if given is None else given)[1]
                shown = _shown_flag(own, flag)
                if isinstance(shown, Decimal):
                    _AMOUNT.read(shown, below(path, name), problems)
                # Read once more from how it is shown: 1e2, 100.0 and "100" are stored alike.
                flag = read_flag(own, shown)[1]
            except KeyError:
                problems.add(below(path, name), "unknown setting")
            except ValueError as error:
                problems.add(below(path, name), str(error))
            else:
                if own in flags:
                    problems.add(below(path, name), "stands here twice, under both of its spellings")
                flags[own] = flag
        return {name: flag for name, flag in flags.items() if flag != _STORED_DEFAULTS[name]}

    def show(self, value: Mapping[str, Any]) -> Any:
        return {name: _shown_flag(name, value[name]) for name in NAMES if name in value}


def _shown_flag(name: str, stored: Any) -> Any:
    typed = getattr(Policy.from_flags({name: stored}), _ATTRIBUTES[name])
    if isinstance(typed, Decimal):
        return plain_number(typed)
    return int(typed) if isinstance(typed, bool) else typed


def _check_verification(verification: dict[str, Any], path: str, problems: Problems) -> None:
    if verification["optional_matches"] > len(verification["optional"]):
        problems.add(below(path, "optional_matches"), "must not be more than the optional fields")
    for number, name in enumerate(verification["optional"]):
        if name in verification["mandatory"]:
            problems.add(below(path, f"optional[{number}]"), f"{name!r} is mandatory already")


IDENTITY_VERIFICATION: Final = Struct(
    {
        "mandatory": optional(CODES, []),
        "optional": optional(CODES, []),
        "optional_matches": optional(Whole(0, 100), 0),
        "otp": optional(Flag(), default=False),
    },
    _check_verification,
)


# --- columns of the organization's row


def _own_column(name: str) -> Column:
    def value(document: Document) -> Any:
        given = document["organization"][name]
        return "" if name == "base_country" and given is None else given

    return Column(name=name, value=value, differences=_column_differences(f"organization.{name}"))


def _column_differences(path: str) -> Callable[[Any, Any], Iterator[str]]:
    """Lines of a change at `path`; an empty value is printed as null."""
    return lambda old, new: differences(path, old or None, new or None)


def _setting_differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        default = _STORED_DEFAULTS[name]
        yield from differences(f"settings.{name}", old.get(name, default), new.get(name, default))


def _verification_json(document: Document) -> Any:
    return as_json(IDENTITY_VERIFICATION, document["identity_verification"] or {})


_GENDER_FIELD: Final = Column(
    name="gender_field",
    value=lambda document: (document["fields"] or {}).get("gender_field", ""),
    differences=_column_differences("fields.gender_field"),
)
_FLAGS: Final = Column(name="flags", value=lambda document: document["settings"], differences=_setting_differences)
_VERIFICATION: Final = Column(
    name="identity_verification",
    value=_verification_json,
    differences=lambda old, new: differences("identity_verification", old, new),
)


# --- sections


def check_settings(document: Document, problems: Problems) -> None:
    """Settings that name a field name one of the customers' fields."""
    names = customer_field_names(document)
    for setting in FIELD_SETTINGS:
        value = document["settings"].get(setting)
        check_name(value, names, "custom or extended field", f"settings.{setting}", problems)


def check_identity_verification(document: Document, problems: Problems) -> None:
    """Every field that must match exists."""
    verification = document["identity_verification"] or {}
    known = {*IDENTITY_FIELDS, *customer_field_names(document)}
    for key in ("mandatory", "optional"):
        check_names(verification.get(key, []), known, "field", f"identity_verification.{key}", problems)


ORGANIZATION_SECTION: Final = Section(
    name="organization",
    schema=required(ORGANIZATION),
    columns=(*(_own_column(name) for name in ORGANIZATION.keys), _GENDER_FIELD),
    dump=lambda organization: {name: getattr(organization, name) for name in ORGANIZATION.keys},
)
SETTINGS_SECTION: Final = Section(
    name="settings",
    schema=optional(Settings(), {}),
    check=check_settings,
    columns=(_FLAGS,),
    dump=lambda organization: organization.flags,
)
IDENTITY_VERIFICATION_SECTION: Final = Section(
    name="identity_verification",
    schema=optional(IDENTITY_VERIFICATION),
    check=check_identity_verification,
    columns=(_VERIFICATION,),
    dump=lambda organization: organization.identity_verification,
)
