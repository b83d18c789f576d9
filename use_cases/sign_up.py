"""Signing a customer up at the desk: the registration with the customer's consents, as a whole or not at all."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop

from customers.registration.context import InputContext
from customers.registration.input import CustomerInput
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from subscriptions.models import Channel, Priority
from use_cases.corrections import add_customer

CONSENT_PERMISSION: Final = "subscriptions.change_consent"
# What a customer may agree to, in the words of the desk. The keys are channel and priority.
CONSENTS: Final[Mapping[str, str]] = {
    f"{Channel.SMS.value} {Priority.BULK.value}": gettext_noop("Offers and news by SMS"),
    f"{Channel.EMAIL.value} {Priority.BULK.value}": gettext_noop("Offers and news by e-mail"),
    f"{Channel.SMS.value} {Priority.TRANS.value}": gettext_noop("Receipts and points by SMS"),
    f"{Channel.EMAIL.value} {Priority.TRANS.value}": gettext_noop("Receipts and points by e-mail"),
}
_ADDRESSES: Final[Mapping[str, str]] = {Channel.SMS.value: "mobile", Channel.EMAIL.value: "email"}


def consents_item(agreed: Iterable[str]) -> Item:
    """The part `subscriptions` of an item of customer/add, for keys of `CONSENTS`. The registration records them."""
    pairs = [key.split(" ") for key in agreed]
    return {"subscription": [{"channel": channel, "priority": kind, "is_subscribed": "1"} for channel, kind in pairs]}


def missing_addresses(agreed: Iterable[str], *, given: Iterable[str]) -> list[str]:
    """The kinds of identifier that the agreed channels need and that are not among those `given`."""
    needed = dict.fromkeys(_ADDRESSES[key.split(" ")[0]] for key in agreed)
    return [kind for kind in needed if kind not in set(given)]


def try_sign_up(customer_input: CustomerInput, *, context: InputContext, by: Actor) -> None:
    """Sign up and take it back, to find what is refused beside what is known already. Raises what `add_customer` raises."""
    with transaction.atomic():
        add_customer(customer_input, context=context, by=by)
        transaction.set_rollback(True)
