"""Reads an item of add, update or an import file into a checked, canonical `CustomerInput`.

Order of the checks: docs/protocol.md 5.2. Errors in minor values become warnings of the input.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import DEFERRED

from customers.identifiers.models import Identifier
from customers.identifiers.values import read_email, read_external_id, read_id
from customers.profile.field_values import FieldValue, NotAnOptionError, WrongTypeError, read_gender, read_value
from customers.profile.models import Customer
from customers.profile.text import read_name
from customers.registration.context import TILL_CODE_LENGTH, InputContext
from customers.sources.values import IN_STORE, read_source
from loyalty_project.phone_numbers import read_foreign_mobile, read_mobile, stored_mobile
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import from_wall, read_moment
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import Item, child, optional, rows, text
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.phone_numbers import mobile_reading

Kind = Identifier.Kind
Category = FieldDefinition.Category
CHANNEL_TYPES = frozenset(
    {
        "MOBILE",
        "EMAIL",
        "PHONE",
        "ADDRESS",
        "WECHAT",
        "WHATSAPP",
        "LINE",
        "ANDROID",
        "IOS",
        "ZALO",
        "VIBER",
        "FACEBOOK",
        "CARD_NUMBER",
    }
)
CONSENT_KEYS = ("channel", "priority", "scope", "is_subscribed")
# Constants of every item, made once.
KINDS = tuple(Kind.values)
TYPES = frozenset(Customer.Type.values)
FRAUD_STATUSES = frozenset(Customer.FraudStatus.values)
NDNC_STATUSES = frozenset(Customer.NdncStatus.values)
REASON_LENGTH = 250
TEST_CONTROL_STATUSES = frozenset(Customer.TestControl.values)
_EMPTY_CUSTOMER = Customer(type="", source="", fraud_status="", ndnc_status="", test_control_status="")
_BLANK = tuple(
    DEFERRED if column.generated else getattr(_EMPTY_CUSTOMER, column.attname) for column in Customer._meta.concrete_fields
)
DISPLAY_NAMES: Mapping[str, str] = {Kind.MOBILE: "Mobile", Kind.EMAIL: "Email", Kind.EXTERNAL_ID: "External ID"}
INVALID: Mapping[str, Code] = {
    Kind.MOBILE: Code.INVALID_MOBILE,
    Kind.EMAIL: Code.INVALID_EMAIL,
    Kind.EXTERNAL_ID: Code.INVALID_EXTERNAL_ID,
}


@dataclass(slots=True, kw_only=True)
class CustomerInput:
    """One item, read. `customer` is unsaved; its blank or None columns were not supplied.

    `has_former_mobile` is true if the mobile is of a country that is not configured: it must be stored already (2.2).
    `consents` are as sent; the subscriptions app reads them. `seen_version` is the customer's version that the sender read
    (None: unknown).
    """

    customer: Customer
    identifiers: dict[str, str]
    has_former_mobile: bool = False
    customer_id: int | None = None
    seen_version: int | None = None
    field_values: dict[int, FieldValue] = field(default_factory=dict)
    source_account: str = ""
    card_number: str = ""
    series_code: str = ""
    referral_code: str = ""
    comm_channels: list[dict[str, Any]] = field(default_factory=list)
    consents: list[Item] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def read_customer_input(item: Item, context: InputContext, *, action: Literal["add", "update"]) -> CustomerInput:
    """Read one item.

    Raises `LoyaltyError`: 1007 (add) or 1015 (update) without any identifier, 8014 and 1001-1003 for an invalid one, 400 for an
    id that is not a number, 1062, 1034; with STRICT_TILL also 91020 and 91021 (docs/protocol.md 2.2, 2.3, 4.1, 5.2).
    """
    notices = list(context.notices)
    customer_id = read_id(text(item, "id", "user_id")) if action == "update" else None
    identifiers, has_former_mobile = _identifiers(item, context, notices)
    if not identifiers and customer_id is None:
        raise LoyaltyError(Code.NO_IDENTIFIER if action == "add" else Code.IDENTIFIER_MISSING)
    customer = _blank_customer(context.organization)
    customer.test_control_status = _test_control(item)
    customer.registered_on = _registered_on(item, context)  # type: ignore[assignment]  # None: not supplied
    customer.updated_on = _updated_on(item, context, notices)  # type: ignore[assignment]
    customer.type = _choice("type", optional(item, "type"), TYPES, notices)
    customer.firstname = _name(item, "firstname", notices)
    customer.lastname = _name(item, "lastname", notices)
    if till := _till(item, "registered_till", Code.INVALID_REGISTRATION_TILL, context, notices):
        customer.registered_till = till
    if till := _till(item, "associated_with", Code.INVALID_ATTRIBUTION_TILL, context, notices):
        customer.associated_till = till
    customer.fraud_status, customer.fraud_reason = _fraud(item, context, notices)
    customer.ndnc_status = _choice("ndnc_status", optional(item, "ndnc_status"), NDNC_STATUSES, notices)
    if store := _preferred_store(item, context):
        customer.preferred_store = store
    customer.source, source_account = _source(item, context, notices)
    card = child(item, "card_details")
    return CustomerInput(
        customer=customer,
        identifiers=identifiers,
        has_former_mobile=has_former_mobile,
        customer_id=customer_id,
        field_values=_field_values(item, context, notices),
        source_account=source_account,
        card_number=read_code(optional(card, "card_number") or optional(item, "card_number")),
        series_code=read_code(optional(card, "series_code") or optional(item, "series_code")),
        comm_channels=_comm_channels(item, notices),
        consents=_consents(item),
        referral_code=read_code(optional(item, "referral_code")),
        notices=notices,
    )


def _blank_customer(organization: Organization) -> Customer:
    """An unsaved customer with nothing supplied. Five times as fast as Django's defaults, for imports."""
    customer = Customer(*_BLANK)
    customer.organization = organization
    customer.field_values, customer.comm_channels = {}, []
    return customer


def read_identifier(kind: str, given: str, context: InputContext) -> str | None:
    """The canonical value of an identifier, or None if it is invalid."""
    if kind == Kind.MOBILE:
        return read_mobile(given, **mobile_reading(context.organization, context.policy, context.country_code))
    if kind == Kind.EMAIL:
        return read_email(given)
    return read_external_id(given, pattern=context.policy.external_id_pattern)


def read_stored_identifier(kind: str, given: str, context: InputContext) -> str | None:
    """The value by which an identifier is looked up, or None if the text is not one.

    A stored value may be older than the pattern of external ids, or than the countries whose mobiles are accepted.
    """
    if kind == Kind.MOBILE:
        return stored_mobile(given, **mobile_reading(context.organization, context.policy, context.country_code))
    return read_email(given) if kind == Kind.EMAIL else read_external_id(given)


def _identifiers(item: Item, context: InputContext, notices: list[Notice]) -> tuple[dict[str, str], bool]:
    """Canonical values by kind, and True if the mobile is of a country that is not configured.

    The first invalid one is raised, or dropped with 91003 if the policy is soft.
    """
    supplied = {kind: given for kind in KINDS if (given := optional(item, kind))}
    if Kind.MOBILE in supplied and not context.organization.supported_countries:
        raise LoyaltyError(Code.COUNTRY_NOT_CONFIGURED)
    read = {kind: read_identifier(kind, given, context) for kind, given in supplied.items()}
    valid = {kind: value for kind, value in read.items() if value is not None}
    for kind, given in supplied.items():
        if kind in valid:
            continue
        if context.policy.soft_secondary_validation and valid and kind != context.policy.primary:
            notices.append(Notice(Code.VALIDATION_FAILED, key=kind))
        elif kind == Kind.MOBILE and (former := read_foreign_mobile(given)):
            valid[kind] = former
        else:
            raise LoyaltyError(INVALID[kind])
    return valid, Kind.MOBILE in valid and read[Kind.MOBILE] is None


def _test_control(item: Item) -> str:
    given = optional(item, "test_control_status").upper()
    if given and given not in TEST_CONTROL_STATUSES:
        raise LoyaltyError(Code.INVALID_TEST_CONTROL_STATUS)
    return given


def _registered_on(item: Item, context: InputContext) -> datetime | None:
    given = optional(item, "registered_on")
    if not given:
        return None
    moment = read_moment(given, context.organization.zone)
    earliest = datetime.combine(context.policy.min_registration_date, datetime.min.time())
    if (
        moment is None
        or moment < from_wall(earliest, context.organization.zone)
        or moment > context.now + timedelta(days=context.policy.max_future_registration_days)
    ):
        raise LoyaltyError(Code.REGISTRATION_DATE_OUT_OF_LIMITS)
    return moment


def _updated_on(item: Item, context: InputContext, notices: list[Notice]) -> datetime | None:
    given = optional(item, "updated_on")
    moment = read_moment(given, context.organization.zone) if given else None
    if given and moment is None:
        notices.append(Notice(Code.VALIDATION_FAILED, key="updated_on"))
    return moment


def _choice(key: str, given: str, choices: Collection[str], notices: list[Notice]) -> str:
    """One of `choices`, ignoring case; other values are dropped with 91003."""
    if not given or given.upper() in choices:
        return given.upper()
    notices.append(Notice(Code.VALIDATION_FAILED, key=key))
    return ""


def _name(item: Item, key: str, notices: list[Notice]) -> str:
    name, clean = read_name(optional(item, key))
    if not clean:
        notices.append(Notice(Code.VALIDATION_FAILED, key=key))
    return name


def _till(item: Item, key: str, code: Code, context: InputContext, notices: list[Notice]) -> Till | None:
    given = optional(item, key)
    till = context.tills.get(given) if len(given) <= TILL_CODE_LENGTH else None
    if given and till is None:
        notices.append(Notice(code, key=key))
    if context.policy.strict_till and any(notice.code == code for notice in notices):
        raise LoyaltyError(code)
    return till


def _fraud(item: Item, context: InputContext, notices: list[Notice]) -> tuple[str, str]:
    """Status and reason. The status is an object or bare text; it is dropped if the organization uses status labels."""
    row = child(item, "fraud_status")
    given = optional(row, "status") if row else optional(item, "fraud_status")
    if given and context.policy.lifecycle_status:
        notices.append(Notice(Code.VALIDATION_FAILED, key="fraud_status"))
        return "", ""
    status = _choice("fraud_status", given, FRAUD_STATUSES, notices)
    reason = text(row, "reason")
    if len(reason) > REASON_LENGTH:
        notices.append(Notice(Code.VALIDATION_FAILED, key="fraud_status"))
    return status, reason[:REASON_LENGTH]


def _preferred_store(item: Item, context: InputContext) -> Store | None:
    return context.stores.get(text(item, "preferred_store"))


def _source(item: Item, context: InputContext, notices: list[Notice]) -> tuple[str, str]:
    """The source ("" if not supplied) and the account there, which the organization must have configured."""
    given, account = optional(item, "source"), optional(item, "accountId", "account_id")
    source = read_source(given)
    if given and (source is None or (source != IN_STORE and not context.policy.other_sources)):
        notices.append(Notice(Code.VALIDATION_FAILED, key="source"))
        return IN_STORE, ""
    if account and (source is None or (source, account) not in context.source_accounts):
        notices.append(Notice(Code.VALIDATION_FAILED, key="accountId"))
        account = ""
    return source or "", account


def _field_values(item: Item, context: InputContext, notices: list[Notice]) -> dict[int, FieldValue]:
    values: dict[int, FieldValue] = {}
    gender = context.gender_field
    given = optional(item, "gender")
    if gender and given:
        try:
            values[gender.pk] = read_gender(given, gender)
        except ValueError:
            notices.append(Notice(Code.VALIDATION_FAILED, key="gender"))
    for category in (Category.CUSTOM, Category.EXTENDED, Category.PREFERENCE):
        for row in rows(item, f"{category.value}_fields", "field"):
            name, value = text(row, "name"), field_text(row)
            if not value:
                continue
            definition = context.field_named(category, name)
            try:
                if definition is None:
                    raise NotAnOptionError
                values[definition.pk] = read_value(value, definition)
            except (NotAnOptionError, WrongTypeError) as error:
                notices.append(_field_notice(category, name, error))
    return values


def field_text(row: Item) -> str:
    """The value of a sent field; a list, which names several options, as JSON. Raises `LoyaltyError` 400 for an object."""
    value = row.get("value")
    return json.dumps(value) if isinstance(value, list) and value else text(row, "value")


def _field_notice(category: Category, name: str, error: ValueError) -> Notice:
    """1017 unknown field or option, 1018 wrong type; 91015 for both in extended fields (docs/protocol.md 3)."""
    if category == Category.EXTENDED:
        return Notice(Code.EXTENDED_FIELD_NOT_SAVED, x=name, key=name)
    code = Code.INVALID_CUSTOM_FIELD if isinstance(error, NotAnOptionError) else Code.CUSTOM_FIELD_NOT_SAVED
    return Notice(code, key=name)


def _comm_channels(item: Item, notices: list[Notice]) -> list[dict[str, Any]]:
    """Communication channels as stored; one without value or of an unknown type is left out with 91003."""
    channels = []
    for row in rows(item, "commChannels", "commChannel"):
        kind, value = text(row, "type").upper(), text(row, "value")
        if kind not in CHANNEL_TYPES or not value or len(value) > 250:
            notices.append(Notice(Code.VALIDATION_FAILED, key="commChannels"))
            continue
        channel: dict[str, Any] = {
            "type": kind,
            "value": value,
            "primary": text(row, "primary").lower() in {"true", "1"},
            "verified": text(row, "verified").lower() in {"true", "1"},
        }
        residence = text(child(row, "meta"), "residence")
        channels.append({**channel, "meta": {"residence": residence.lower() in {"true", "1"}}} if residence else channel)
    return channels


def _consents(item: Item) -> list[Item]:
    """The sent consents, reduced to the keys of add and update (docs/protocol.md 4.1)."""
    return [{key: text(row, key) for key in CONSENT_KEYS} for row in rows(item, "subscriptions", "subscription")]
