"""Which keys does an organization file have? The whole document, section by section, in the order in which it is written."""

from collections.abc import Mapping
from dataclasses import fields as attributes_of
from decimal import Decimal
from functools import cache
from typing import Any, Final
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from organizations.card_series.models import CardSeries
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.program_document import COUPON_SERIES, PROGRAM, REFERRAL_CAMPAIGN
from organizations.organization_file.schema import (
    Flag,
    Key,
    Kind,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Struct,
    Text,
    Whole,
    column_text,
    optional,
    plain_number,
    required,
)
from organizations.policies import ALIASES, DEFAULTS, NAMES, Policy, read_flag
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

CATEGORIES: Final = tuple(FieldDefinition.Category.values)
CUSTOMER_CATEGORIES: Final = ("custom", "extended")
WITH_OPTIONS: Final = {"enum", "multi"}
IDENTITY_FIELDS: Final = ("firstname", "lastname", "mobile", "email", "external_id")
# docs/protocol.md 2.1
STATUSES: Final = ("ACTIVE", "SUSPENDED", "DELETED", "FRAUD_SUSPECTED", "FRAUD_CONFIRMED", "INTERNAL", "PENDING_DELETION")
BLOCKS: Final = (
    "coupon_redeem",
    "coupon_issue",
    "points_issue",
    "points_redeem",
    "identifier_change",
    "tier_upgrade",
    "transactions",
    "promotions",
)

_ATTRIBUTES: Final = {one.metadata["name"]: one.name for one in attributes_of(Policy)}
# As they are stored, to be compared with what a file says.
STORED_DEFAULTS: Final = {name: read_flag(name, DEFAULTS[name])[1] for name in NAMES}


@cache
def _timezones() -> set[str]:
    return available_timezones()


def _check_timezone(value: str) -> None:
    if value not in _timezones():
        raise ValidationError("must be a time zone of the IANA database, like Asia/Kolkata")


def _check_country(value: str) -> None:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError("must be a country of ISO 3166-1 in two capital letters, like IN")


_AMOUNT: Final = Number(3)


class Settings(Kind):
    """Policy flags by their documented names, read as they are stored; those that say the default are left out."""

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems.add(path, "must be a mapping")
            return value
        settings: dict[str, Any] = value
        read: dict[str, Any] = {}
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
                if own in read:
                    problems.add(below(path, name), "stands here twice, under both of its spellings")
                read[own] = flag
        return {name: flag for name, flag in read.items() if flag != STORED_DEFAULTS[name]}

    def show(self, value: Mapping[str, Any]) -> Any:
        return {name: _shown_flag(name, value[name]) for name in NAMES if name in value}


def _shown_flag(name: str, stored: Any) -> Any:
    typed = getattr(Policy.from_flags({name: stored}), _ATTRIBUTES[name])
    if isinstance(typed, Decimal):
        return plain_number(typed)
    return int(typed) if isinstance(typed, bool) else typed


def _check_field(field: dict[str, Any], path: str, problems: Problems) -> None:
    if field["type"] in WITH_OPTIONS and not field["options"]:
        problems.add(below(path, "options"), f"is required for {field['type']}")
    if field["type"] not in WITH_OPTIONS and field["options"]:
        problems.add(below(path, "options"), f"does not go with {field['type']}")
    if field["type"] != "text" and field["max_length"] is not None:
        problems.add(below(path, "max_length"), f"does not go with {field['type']}")


def _check_card_series(series: dict[str, Any], path: str, problems: Problems) -> None:
    if len(series["prefix"]) >= series["length"]:
        problems.add(below(path, "prefix"), "must be shorter than the whole number")


def _check_verification(verification: dict[str, Any], path: str, problems: Problems) -> None:
    if verification["optional_matches"] > len(verification["optional"]):
        problems.add(below(path, "optional_matches"), "must not be more than the optional fields")
    for number, name in enumerate(verification["optional"]):
        if name in verification["mandatory"]:
            problems.add(below(path, f"optional[{number}]"), f"{name!r} is mandatory already")


def _check_tickets(tickets: dict[str, Any], path: str, problems: Problems) -> None:
    for number, status in enumerate(tickets["closed_statuses"]):
        if status not in tickets["statuses"]:
            problems.add(below(path, f"closed_statuses[{number}]"), f"there is no status {status!r}")


def _secret(name: str) -> dict[str, Key]:
    """A secret by itself, or the name of the environment variable that holds it."""
    variable = Text(
        200, validators=[RegexValidator(r"^[A-Za-z_][A-Za-z0-9_]*\Z", "must be the name of an environment variable")]
    )
    return {name: optional(Text(200)), f"{name}_env": optional(variable)}


def _check_secret(name: str) -> Any:
    def check(row: dict[str, Any], path: str, problems: Problems) -> None:
        if row[name] is not None and row[f"{name}_env"] is not None:
            problems.add(below(path, f"{name}_env"), f"does not go with {name}")

    return check


_CODE_LIST: Final = ListOf(Text(100), unique=True)
_ACTIVE: Final = optional(Flag(), default=True)
_LANGUAGE: Final = RegexValidator(r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*\Z", "must be a language code, like en or pt-BR")
_COUNTRY: Final = Text(2, validators=[_check_country])

ORGANIZATION: Final = Struct(
    {
        "code": required(column_text(Organization, "code")),
        "name": required(column_text(Organization, "name")),
        "timezone": optional(Text(64, validators=[_check_timezone]), "UTC"),
        "currency": optional(
            Text(
                3,
                validators=[
                    RegexValidator(r"^[A-Z]{3}\Z", "must be a currency of ISO 4217 in three capital letters, like INR")
                ],
            ),
            "USD",
        ),
        "base_country": optional(_COUNTRY),
        "countries": optional(ListOf(_COUNTRY, unique=True), []),
        "language": optional(Text(10, validators=[_LANGUAGE]), "en"),
    }
)
ZONE: Final = Struct(
    {"code": required(column_text(Zone, "code")), "name": required(column_text(Zone, "name")), "active": _ACTIVE}
)
CONCEPT: Final = Struct(
    {"code": required(column_text(Concept, "code")), "name": required(column_text(Concept, "name")), "active": _ACTIVE}
)
TILL: Final = Struct(
    {
        "code": required(column_text(Till, "code")),
        "name": required(column_text(Till, "name")),
        **_secret("password"),
        "active": _ACTIVE,
    },
    _check_secret("password"),
)
STORE: Final = Struct(
    {
        "code": required(column_text(Store, "code")),
        "name": required(column_text(Store, "name")),
        "external_id": optional(column_text(Store, "external_id"), ""),
        "zone": optional(Text(100)),
        "concept": optional(Text(100)),
        "active": _ACTIVE,
        "tills": optional(ListOf(TILL), []),
    }
)
API_CLIENT: Final = Struct(
    {
        "key": required(column_text(ApiClient, "key")),
        **_secret("secret"),
        "till": required(Text(50)),
        "token_ttl": optional(Whole(60, 86_400), 300),
        "active": _ACTIVE,
    },
    _check_secret("secret"),
)
FIELD: Final = Struct(
    {
        "name": required(column_text(FieldDefinition, "name")),
        "type": optional(OneOf(*FieldDefinition.Type.values), "text"),
        "options": optional(ListOf(Text(200), unique=True), []),
        "max_length": optional(Whole(1, 2000)),
        "labels": optional(MapOf(Text(20, validators=[_LANGUAGE]), Text(200)), {}),
        "mandatory": optional(Flag(), default=False),
        "searchable": optional(Flag(), default=False),
        "active": _ACTIVE,
    },
    _check_field,
)
SOURCE_ACCOUNT: Final = Struct(
    {
        "source": required(column_text(SourceAccount, "source")),
        "account": required(column_text(SourceAccount, "account")),
        "active": _ACTIVE,
    }
)
CARD_SERIES: Final = Struct(
    {
        "code": required(column_text(CardSeries, "code")),
        "name": required(column_text(CardSeries, "name")),
        "type": optional(OneOf(*CardSeries.Type.values), "PHYSICAL"),
        "generate": optional(Flag(), default=False),
        "prefix": optional(column_text(CardSeries, "prefix"), ""),
        "length": optional(Whole(4, 50), 16),
        "active": _ACTIVE,
    },
    _check_card_series,
)
STAFF: Final = Struct(
    {
        "username": required(column_text(StaffMember, "username")),
        **_secret("password"),
        "role": required(OneOf(*StaffMember.Role.values)),
        "stores": optional(_CODE_LIST, []),
        "active": _ACTIVE,
    },
    _check_secret("password"),
)
IDENTITY_VERIFICATION: Final = Struct(
    {
        "mandatory": optional(_CODE_LIST, []),
        "optional": optional(_CODE_LIST, []),
        "optional_matches": optional(Whole(0, 100), 0),
        "otp": optional(Flag(), default=False),
    },
    _check_verification,
)
TICKETS: Final = Struct(
    {
        "statuses": optional(_CODE_LIST, []),
        "closed_statuses": optional(_CODE_LIST, []),
        "priorities": optional(_CODE_LIST, []),
        "departments": optional(_CODE_LIST, []),
    },
    _check_tickets,
)
SEGMENT: Final = Struct(
    {
        "name": required(Text(100)),
        "partitions": required(ListOf(Text(100), unique=True, filled=True)),
        "active": _ACTIVE,
    }
)
USER_GROUP: Final = Struct({"external_id": required(Text(100)), "name": required(Text(200)), "active": _ACTIVE})
CUSTOMER_STATUS: Final = Struct(
    {
        "status": required(OneOf(*STATUSES)),
        "label": required(Text(100)),
        "blocks": optional(ListOf(OneOf(*BLOCKS), unique=True), []),
        "active": _ACTIVE,
    }
)

DOCUMENT: Final = Struct(
    {
        "organization": required(ORGANIZATION),
        "settings": optional(Settings(), {}),
        "identity_verification": optional(IDENTITY_VERIFICATION),
        "zones": optional(ListOf(ZONE, key=("code",)), []),
        "concepts": optional(ListOf(CONCEPT, key=("code",)), []),
        "stores": optional(ListOf(STORE, key=("code",)), []),
        "api_clients": optional(ListOf(API_CLIENT, key=("key",)), []),
        "fields": optional(
            Struct(
                {
                    **{category: optional(ListOf(FIELD, key=("name",)), []) for category in CATEGORIES},
                    "gender_field": optional(Text(100), ""),
                }
            )
        ),
        "source_accounts": optional(ListOf(SOURCE_ACCOUNT, key=("source", "account")), []),
        "card_series": optional(ListOf(CARD_SERIES, key=("code",)), []),
        "programs": optional(ListOf(PROGRAM, key=("name",)), []),
        "coupon_series": optional(ListOf(COUPON_SERIES, key=("code",)), []),
        "referral_campaigns": optional(ListOf(REFERRAL_CAMPAIGN, key=("token",)), []),
        "tickets": optional(TICKETS),
        "segments": optional(ListOf(SEGMENT, key=("name",)), []),
        "user_groups": optional(ListOf(USER_GROUP, key=("external_id",)), []),
        "customer_statuses": optional(ListOf(CUSTOMER_STATUS, key=("status", "label")), []),
        "staff": optional(ListOf(STAFF, key=("username",)), []),
    }
)

# Nothing here has rows for them. Those that no app above keeps in rows of its own (`sections.Section`) are checked JSON on the
# organization, until the part that reads them comes, and brings a migration that converts them.
STORED_SECTIONS: Final = (
    "programs",
    "coupon_series",
    "referral_campaigns",
    "tickets",
    "segments",
    "user_groups",
    "customer_statuses",
)
