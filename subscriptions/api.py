"""customer/subscriptions: consents, written and read (docs/protocol.md 4.14)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.echoes import echo_identifiers
from customers.api.reads import Result, read_outcomes, reading_of
from customers.api.subjects import lock_named
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, look_up, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading, in_order
from loyalty_project import clock
from loyalty_project.api.envelope import Tree, customers_answer, request_items
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, failed
from loyalty_project.protocol.values import Item, optional, text
from organizations.api.batches import answer_batch
from organizations.api.call import Call
from organizations.api.views import TillViewSet
from subscriptions import openapi
from subscriptions.rules import read_choice
from subscriptions.sections import CHANNELS, read_filters
from subscriptions.services import CONSTRAINTS, Decision, decide

UPDATED = "Subscription successfully updated"
RETRIEVED = "Subscription successfully retrieved"
ALL_UPDATED = "SUCCESS"
KEYS = ("mobile", "email", "external_id", "id")
# Identifiers that the customer has not are left out; nothing is scoped to less than the organization.
ORDER: Mapping[str, Any] = {
    "user_id": ...,
    "mobile": ...,
    "email": ...,
    "external_id": ...,
    "channel": ...,
    "orgUnitSubscriptions": [],
}


class SubscriptionViewSet(TillViewSet):
    """The action customer/subscriptions."""

    @action(detail=False, methods=["get"])
    @described(openapi.READ)
    def subscriptions(self, _request: Request, **_kwargs: object) -> Response:
        """Read the consents of customers by channel and priority."""
        query = self.query
        reading = reading_of(self.call, query)
        asked = read_lookup_query(query, limit=reading.policy.batch_limit)
        return self.answer(_compose(read_consents(asked, reading), message=Transport.SUCCESS.sentence))

    @subscriptions.mapping.post
    @described(openapi.WRITE)
    def add_subscriptions(self, _request: Request, **_kwargs: object) -> Response:
        """Record consents."""
        call = self.call
        items = request_items(self.payload(), limit=call.policy.batch_limit, key="subscription")
        return answer_batch(
            self,
            items,
            lambda item: keep_item(item, call),
            action="customer/subscriptions",
            compose=partial(_compose, message=ALL_UPDATED),
            echo=echo_identifiers,
            fallback=Code.SUBSCRIPTION_FAILED,
            constraints=CONSTRAINTS,
            whose=partial(lock_named, call=call),
        )


def keep_item(item: Item, call: Call) -> Done:
    """Record the choice of an item. Raises `LoyaltyError`: the choice's own codes first, then 1104 for the identifier."""
    choice = read_choice(item)
    key = next((key for key in KEYS if optional(item, key)), None)
    if key is None:
        raise LoyaltyError(Code.SUBSCRIPTION_IDENTIFIER_INVALID)
    asked = LookupQuery(key=key, values=[text(item, key)])
    (answer,) = look_up(asked, organization=call.actor.organization, policy=call.policy, country_code=call.country_code)
    if answer.customer_id is None:
        raise LoyaltyError(Code.SUBSCRIPTION_IDENTIFIER_INVALID)
    decide(Decision(customer_id=answer.customer_id, choice=choice, at=clock.now()), by=call.actor)
    return Done(
        body={
            "user_id": str(answer.customer_id),
            key: answer.value,
            "channel": choice.channel,
            "priority": choice.priority,
            "scope": choice.scope,
            "is_subscribed": "1" if choice.is_subscribed else "0",
        },
        message=UPDATED,
        warnings=in_numeric_order([*answer.notices, *call.notices]),
        subject=answer.customer_id,
    )


def read_consents(asked: LookupQuery, reading: Reading) -> list[Outcome]:
    """An outcome for each value asked for, in order.

    An invalid filter fails all of them. 1104: nobody has the value; 1044: the call is limited to another store; 1109: the
    database failed.
    """
    try:
        read_filters(reading)
    except LoyaltyError as refusal:
        return [failed(refusal.code, {asked.key: value}) for value in asked.values]

    def result(found: Found) -> Result:
        body = in_order(ORDER, found.parts)
        return Done(body=body, message=RETRIEVED) if "user_id" in body else Code.SUBSCRIPTION_FAILED

    return read_outcomes(asked, reading, (CHANNELS, identifiers(reading)), result, translate=_translate)


def _translate(code: CodeTable) -> CodeTable:
    """1104 for every identifier that leads to no customer (docs/protocol.md 5.1)."""
    return code if code is Code.NOT_PERMITTED else Code.SUBSCRIPTION_IDENTIFIER_INVALID


def _compose(outcomes: Sequence[Outcome], *, message: str) -> Tree:
    return customers_answer(outcomes, totals=False, message=message, container="subscriptions", key="subscription")
