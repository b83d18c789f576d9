"""Storing preferences, and the configuration that they are read by."""

from collections.abc import Mapping

from customers.preferences.rules import SentPreferences, lacks_mandatory
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.registration.changes import set_columns, touch
from customers.registration.context import InputContext
from customers.registration.state import CustomerState
from customers.registration.unit_of_work import CustomerBatch
from customers.statuses.rules import is_leaving
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.locations.models import Store


def load_open_stores() -> Mapping[int, Store]:
    """The active stores of the scope's organization by id: a part of its configuration. One query."""
    return {store.pk: store for store in Store.objects.filter(is_active=True)}


def keep_preferences(customer_id: int, sent: SentPreferences, *, context: InputContext, by: Actor) -> Customer:
    """Store the sent preferences of a customer, with an audit entry if they change anything. Call it in a transaction.

    It locks the customer; at most five statements. Raises `LoyaltyError`: 1013 for a customer who is not of type LOYALTY, 1030
    for an account that is being deleted, 1017 if a mandatory preference is still missing. Errors as `lock_customer`.
    """
    customer = lock_customer(customer_id)
    if customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(Code.NOT_LOYALTY)
    if is_leaving(customer, context.policy):
        raise LoyaltyError(Code.PREFERENCES_NOT_SAVED)
    values = {**customer.field_values, **{str(definition.pk): value for definition, value in sent.values.items()}}
    if lacks_mandatory(values, context.fields):
        raise LoyaltyError(Code.INVALID_CUSTOM_FIELD)
    state = CustomerState(customer=customer, identifiers={})
    set_columns(state, {"field_values": values})
    if sent.known_store is not None and sent.known_store.pk != customer.preferred_store_id:
        set_columns(state, {"preferred_store": sent.known_store})
    if state.revision:
        touch(state, context.now)
        CustomerBatch(by.organization, context.policy, by_id={customer.pk: state}).write(by=by)
    return customer
