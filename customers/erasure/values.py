"""Removal of single stored values of a customer by staff: a wrong e-mail, an answer that must not be kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from customers.field_terms.services import keep_terms
from customers.identifiers.models import Identifier
from customers.profile.field_values import write_value
from customers.profile.folding import fold_columns
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.registration.context import load_customer_fields
from customers.webhook_events import UPDATED, announce_customers
from loyalty_project import clock
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.staff.reach import OutOfReachError
from organizations.staff.sight import shown_value

REMOVE_PERMISSION: Final = "customers.change_customer"
_COLUMNS: Final = {"firstname": "First name", "lastname": "Last name", "image_url": "Picture"}
_FIELD: Final = "field:"


class RemovalRefusedError(ValueError):
    """The value cannot be removed. The text is the reason, for users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredValue:
    """A value that can be removed: its key for `remove_value`, and its name and text for users."""

    key: str
    name: str
    text: str


def removable_values(customer: Customer) -> Sequence[StoredValue]:
    """The values of a customer that can be removed, in the order of the customer's page. Two queries."""
    identifiers = Identifier.objects.filter(customer=customer, state=Identifier.State.CURRENT).order_by("-kind")
    values = [StoredValue(key=row.kind, name=row.get_kind_display(), text=str(row)) for row in identifiers]
    values += [
        StoredValue(key=column, name=name, text=shown_value(text, customer_id=customer.pk))
        for column, name in _COLUMNS.items()
        if (text := getattr(customer, column))
    ]
    return values + [
        StoredValue(key=f"{_FIELD}{field.pk}", name=field.name, text=shown_value(write_value(answer), customer_id=customer.pk))
        for field in load_customer_fields()
        if (answer := customer.value_of(field.pk)) is not None
    ]


def remove_value(customer_id: int, key: str, *, reason: str, by: Actor) -> StoredValue:
    """Remove one stored value; returns it. The history names the value's kind and the reason, not the value.

    The last identifier of a customer stays, as nothing else finds the customer. Raises `RemovalRefusedError` if it is the last
    one, or there is no such value any more, `OutOfReachError` for a member of staff who may not, and errors as
    `lock_customer`. Call it in a transaction.
    """
    customer = lock_customer(customer_id)
    if not (by.may(REMOVE_PERMISSION) and by.covers(customer.registered_store_id)):
        raise OutOfReachError
    stored = {value.key: value for value in removable_values(customer)}
    value = stored.get(key)
    if value is None:
        raise RemovalRefusedError("This value is not stored any more.")
    if key in Identifier.Kind and len(stored.keys() & set(Identifier.Kind)) == 1:
        raise RemovalRefusedError("This is the customer's last identifier. Change it, or erase the customer.")
    _remove(customer, key)
    customer.updated_on = clock.now()
    customer.version += 1
    fold_columns(customer)
    customer.save()
    keep_terms([customer.pk], organization_id=by.organization.pk)
    removed = {"removed": value.name, "reason": reason}
    change = Change(action="value removed", object_type="customer", object_id=customer.pk, new=removed)
    record_changes([change], by=by)
    changed = value.name if key.startswith(_FIELD) else key
    announce_customers(UPDATED, {customer.pk: {"changed": [changed]}}, organization=by.organization)
    return value


def _remove(customer: Customer, key: str) -> None:
    if key in Identifier.Kind:
        Identifier.objects.filter(customer=customer, kind=key, state=Identifier.State.CURRENT).delete()
    elif key.startswith(_FIELD):
        del customer.field_values[key.removeprefix(_FIELD)]
    else:
        setattr(customer, key, "")
