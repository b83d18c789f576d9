"""The customer of a call about points: found once, printed by answers and refusals (docs/protocol.md, tills' part 4)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from customers.api.echoes import echo_identifiers
from customers.api.reads import reading_of
from customers.identifiers.sections import identifiers
from customers.lookup.references import write_order
from customers.lookup.statement import Found
from customers.profile.locks import lock_customer
from customers.profile.reading import merged
from engagement.redemptions.requests import ReversalRequest
from engagement.redemptions.reversing import Reversed, check_reversal_enabled, needs_customer, reverse_redemption
from engagement.redemptions.target import find_customer
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.values import Item
from organizations.api.call import Call
from organizations.audit.actors import Actor

REVERSED: Final = "Points Reversed"
_IDENTIFIERS: Final = ("mobile", "email", "external_id")


class NamedCustomer:
    """The customer that a call names in `sent`. A refusal that follows the look-up shows the customer as well."""

    def __init__(self, call: Call, sent: Item) -> None:
        self._call = call
        self._sent = sent
        self._found: Found | None = None

    def find(self, references: Mapping[str, str], order: Sequence[str]) -> int:
        """Find the customer of the first known reference, in this order: the id. Raises `LoyaltyError` 802 or 816."""
        self._found = None
        reading = reading_of(self._call, {})
        self._found = find_customer(
            references,
            order,
            by=self._call.actor,
            country_code=self._call.country_code,
            sections=(identifiers(reading),),
            reading=reading,
        )
        return self._found.customer.pk

    def lock(self, _item: Item) -> int | None:
        """Lock the customer of an item that was refused: the id; None if nobody was found. Call it in a transaction.

        Raises as `lock_customer` if the customer was merged or erased meanwhile: the whole item has to be repeated.
        """
        return None if self._found is None else lock_customer(self._found.customer.pk).pk

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Warning 91009 if the reference is that of a customer who was merged into this one."""
        return (Notice(Code.SURVIVOR_RETRIEVED),) if self._found is not None and self._found.is_merged else ()

    def identifiers(self) -> dict[str, Any]:
        """Mobile, e-mail and external id: the customer's, or those that were sent; null without."""
        known = echo_identifiers(self._sent) if self._found is None else merged(self._found.parts)
        return {key: known.get(key) for key in _IDENTIFIERS}

    def identity(self) -> dict[str, Any]:
        """The identifiers, and the customer's id as text; null if unknown."""
        user_id = None if self._found is None else str(self._found.customer.pk)
        return {**self.identifiers(), "user_id": user_id}


def reverse_named(request: ReversalRequest, named: NamedCustomer, *, by: Actor) -> Reversed:
    """Reverse a redemption of the named customer; without one, find its owner afterwards.

    Raises as `reverse_redemption`, and in its order.
    """
    check_reversal_enabled(by)
    customer_id = None
    if needs_customer(request):
        customer_id = named.find(request.references, write_order(by.organization.policy))
    done = reverse_redemption(request, by=by, customer_id=customer_id)
    if customer_id is None:
        named.find({"id": str(done.customer_id)}, ("id",))
    return done
