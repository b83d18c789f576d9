"""Pure changes of a `CustomerState` when an item is applied, with old and new values for the audit."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from customers.profile.folding import SEARCHED_COLUMNS, fold_columns
from customers.profile.models import Customer
from customers.registration.context import InputContext
from customers.registration.input import CustomerInput
from customers.registration.matching import Plan, check_conversion, check_new
from customers.registration.options import RegistrationOptions
from customers.registration.state import CustomerState
from customers.sources.values import IN_STORE, PROFILE_MISSING
from customers.statuses.rules import is_leaving
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import write_moment
from organizations.fields.models import FieldDefinition

# Communication channels of a customer. Updates that would bring more are not stored, with warning 91003.
MOST_CHANNELS = 100
# Columns of a new customer in the audit, unless empty.
_AUDITED_OF_NEW = (
    "type", "source", "firstname", "lastname", "registered_on", "registered_till", "registered_store", "associated_till",
    "preferred_store", "fraud_status", "ndnc_status", "test_control_status", "field_values", "comm_channels",
)  # fmt: skip
# Columns that an update sets as sent. Type and fraud status have rules of their own.
_SET_COLUMNS = (
    "firstname",
    "lastname",
    "associated_till",
    "preferred_store",
    "ndnc_status",
    "test_control_status",
    "image_url",
)


def new_state(
    customer_input: CustomerInput, plan: Plan, *, context: InputContext, by: str
) -> tuple[CustomerState, list[Notice]]:
    """The new customer of an input, with defaults, not yet stored; and warnings.

    Raises `LoyaltyError` 1045, 1006, 1039, 1043, 1019, 1008 for identifiers, 1017 for a mandatory custom field.
    """
    customer, notices = customer_input.customer, list[Notice]()
    customer.type = customer.type or Customer.Type.LOYALTY
    check_new(customer.type, plan.identifiers, context.policy)
    customer.field_values = {str(field_id): value for field_id, value in customer_input.field_values.items()}
    _check_mandatory_fields(customer, context)
    customer.source = customer.source or IN_STORE
    customer.registered_on = customer.registered_on or context.now
    customer.updated_on = customer.updated_on or context.now
    customer.registered_till = customer.registered_till or context.till
    store = customer.registered_till.store if customer.registered_till else context.store
    if store is not None and not store.is_active:
        store = None
        notices.append(Notice(Code.STORE_NOT_POPULATED, key="store"))
    customer.registered_store = store
    fold_columns(customer)
    customer.ndnc_status = customer.ndnc_status or Customer.NdncStatus.NONE
    customer.test_control_status = customer.test_control_status or _test_or_control(plan.identifiers, context)
    customer.comm_channels = customer_input.comm_channels
    if customer.fraud_status:
        customer.fraud_marked_by, customer.fraud_marked_on = by, context.now
    else:
        customer.fraud_status = Customer.FraudStatus.NONE
    state = CustomerState(
        customer=customer, identifiers=dict(plan.identifiers), is_new=True, added_identifiers=set(plan.identifiers)
    )
    state.note(old={}, new={**plan.identifiers, **_audited(customer, _AUDITED_OF_NEW)})
    return state, [*notices, *_add_profile(customer_input, state)]


def update_state(
    state: CustomerState,
    customer_input: CustomerInput,
    plan: Plan,
    *,
    context: InputContext,
    options: RegistrationOptions,
    by: str,
) -> list[Notice]:
    """Apply the input's profile to a known customer; the warnings. The plan's identifiers are checked, but not set here.

    Raises `LoyaltyError` before any change: 1046, 1006, 1048, 1049 (conversion), 1017 (mandatory custom field), 1024 (the
    account is being deleted, or has changed since the sender read it).
    """
    customer, sent = state.customer, customer_input.customer
    _check_type(state, customer_input, plan, context)
    merged = {**customer.field_values, **{str(field_id): value for field_id, value in customer_input.field_values.items()}}
    _check_mandatory_fields(Customer(field_values=merged), context)
    if is_leaving(customer, context.policy) or customer_input.seen_version not in {None, customer.version}:
        raise LoyaltyError(Code.PROFILE_NOT_UPDATED)
    changes: dict[str, Any] = {name: getattr(sent, name) for name in _SET_COLUMNS if getattr(sent, name)}
    if sent.type:
        changes["type"] = sent.type
    if sent.registered_on and options.corrects_registration and not _prints_alike(sent, customer, context.organization.zone):
        changes["registered_on"] = sent.registered_on
    if sent.fraud_status and _changes_fraud(sent, customer):
        changes.update(
            fraud_status=sent.fraud_status, fraud_reason=sent.fraud_reason, fraud_marked_by=by, fraud_marked_on=context.now
        )
    if merged != customer.field_values:
        changes["field_values"] = merged
    notices: list[Notice] = []
    if customer_input.comm_channels:
        channels = _with_channels(customer.comm_channels, customer_input.comm_channels)
        if len(channels) > max(MOST_CHANNELS, len(customer.comm_channels)):
            notices.append(Notice(Code.VALIDATION_FAILED))
        else:
            changes["comm_channels"] = channels
    set_columns(state, changes)
    return [*notices, *_add_profile(customer_input, state)]


def set_columns(state: CustomerState, changes: Mapping[str, Any]) -> None:
    """Set the columns that differ, and note old and new values."""
    customer = state.customer
    different = {name: value for name, value in changes.items() if getattr(customer, name) != value}
    if not different:
        return
    old = _audited(customer, different)
    for name, value in different.items():
        setattr(customer, name, value)
    if searched := SEARCHED_COLUMNS & different.keys():
        fold_columns(customer)
        state.changed_columns.update(f"{name}_folded" for name in searched)
    state.changed_columns.update(different)
    state.note(old=old, new=_audited(customer, different))


def touch(state: CustomerState, moment: datetime) -> None:
    """Set `updated_on`; a changed customer gets the next version."""
    state.customer.updated_on = moment
    state.changed_columns.add("updated_on")
    if state.revision:
        state.customer.version += 1
        state.changed_columns.add("version")


def _changes_fraud(sent: Customer, stored: Customer) -> bool:
    """True if the sent fraud status or its reason differs from the stored one."""
    return sent.fraud_status != stored.fraud_status or sent.fraud_reason not in {"", stored.fraud_reason}


def _check_type(state: CustomerState, customer_input: CustomerInput, plan: Plan, context: InputContext) -> None:
    stored, sent = state.customer.type, customer_input.customer.type
    if not sent or sent == stored:
        return
    if stored == Customer.Type.LOYALTY:
        raise LoyaltyError(Code.LOYALTY_CANNOT_BE_LEFT)
    if sent == Customer.Type.LOYALTY:
        check_conversion({**state.identifiers, **plan.identifiers}, context.policy)


def _check_mandatory_fields(customer: Customer, context: InputContext) -> None:
    for definition in context.fields:
        if (
            definition.category == FieldDefinition.Category.CUSTOM
            and definition.is_mandatory
            and definition.is_active
            and not customer.value_of(definition.pk)
        ):
            raise LoyaltyError(Code.INVALID_CUSTOM_FIELD)


def _prints_alike(sent: Customer, stored: Customer, zone: ZoneInfo) -> bool:
    """True if both registrations print alike: a printed moment that is sent back is not a correction.

    Answers and files print neither fractions of a second nor the offset in an hour that a clock change repeats.
    """
    return write_moment(sent.registered_on, zone) == write_moment(stored.registered_on, zone)


def _test_or_control(identifiers: Mapping[str, str], context: InputContext) -> str:
    """Test or control group by the organization's ratio. It depends on the identifiers, so that a repeated import agrees."""
    lot = crc32(repr(sorted(identifiers.items())).encode()) % 100
    return Customer.TestControl.CONTROL if lot < context.policy.test_control_ratio else Customer.TestControl.TEST


def _add_profile(customer_input: CustomerInput, state: CustomerState) -> list[Notice]:
    """Add the account at another source; warns if the source has profiles but none of this customer (91016, 91017)."""
    source = customer_input.customer.source
    if customer_input.source_account and (source, customer_input.source_account) not in state.profiles:
        state.profiles.add((source, customer_input.source_account))
        state.added_profiles.add((source, customer_input.source_account))
        state.note(old={}, new={"source_profile": f"{source} {customer_input.source_account}"})
    if source in PROFILE_MISSING and not any(profile_source == source for profile_source, _ in state.profiles):
        return [Notice(PROFILE_MISSING[source], key="source")]
    return []


def _with_channels(stored: list[dict[str, Any]], sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The stored channels, replaced by sent ones of the same type and value, then the new ones."""
    by_key = {(channel["type"], channel["value"]): channel for channel in [*stored, *sent]}
    return list(by_key.values())


def _audited(customer: Customer, names: Iterable[str]) -> dict[str, Any]:
    """The columns as JSON for the audit: rows by their code, moments in ISO format. Empty ones are left out."""
    audited: dict[str, Any] = {}
    for name in names:
        value = getattr(customer, name)
        if value in ("", None, {}, []):
            continue
        if isinstance(value, datetime):
            audited[name] = value.isoformat()
        else:
            audited[name] = value if isinstance(value, str | dict | list) else value.code
    return audited
