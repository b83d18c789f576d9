"""customer/subscriptions: what customers agreed to, written and read (docs/protocol.md 4.14)."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.registration import echo_identifiers
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, LookupResult, ids_of_store, look_up, read_lookup_query
from customers.profile.reading import Reading
from loyalty_project import clock
from loyalty_project.api.envelope import Tree, customers_answer, http_status, request_items
from loyalty_project.protocol.codes import Code, Transport
from loyalty_project.protocol.errors import LoyaltyError, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, failed, succeeded
from loyalty_project.protocol.sections import Section, assemble
from loyalty_project.protocol.values import Item, optional, text
from organizations.api.batches import answer_batch
from organizations.api.views import Call, TillView
from subscriptions.choices import read_choice
from subscriptions.sections import ConsentReading, channels, read_filters
from subscriptions.services import CONSTRAINTS, Decision, decide

UPDATED = "Subscription successfully updated"
RETRIEVED = "Subscription successfully retrieved"
ALL_UPDATED = "SUCCESS"
KEYS = ("mobile", "email", "external_id", "id")
SECTIONS: tuple[Section[ConsentReading], ...] = (channels, identifiers)
# Identifiers that the customer has not are left out; nothing is scoped to less than the organization.
ORDER: Mapping[str, Any] = {
    "user_id": ...,
    "mobile": ...,
    "email": ...,
    "external_id": ...,
    "channel": ...,
    "orgUnitSubscriptions": [],
}


class SubscriptionsView(TillView):
    """Keeps and tells consents."""

    http_method_names = ["get", "post"]

    def post(self, _request: Request, **_kwargs: object) -> Response:
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
        )

    def get(self, _request: Request, **_kwargs: object) -> Response:
        call = self.call
        asked = read_lookup_query(self.query, limit=call.policy.batch_limit)
        reading = Reading(organization=call.actor.organization, policy=call.policy, query=self.query)
        answer = _compose(read_outcomes(asked, reading, call), message=Transport.SUCCESS.sentence)
        return Response(answer, status=http_status(answer, mirror=call.policy.mirror_http_status))


def keep_item(item: Item, call: Call) -> Done:
    """Keep one choice. Raises `LoyaltyError`: what is wrong with the choice first, then 1104 for whose it is."""
    choice = read_choice(item)
    key = next((key for key in KEYS if optional(item, key)), None)
    if key is None:
        raise LoyaltyError(Code.SUBSCRIPTION_IDENTIFIER_INVALID)
    (found,) = _look_up(LookupQuery(key=key, values=[text(item, key)]), call)
    if found.customer_id is None:
        raise LoyaltyError(Code.SUBSCRIPTION_IDENTIFIER_INVALID)
    decide(Decision(customer_id=found.customer_id, choice=choice, at=clock.now()), by=call.actor)
    return Done(
        body={
            "user_id": str(found.customer_id),
            key: found.value,
            "channel": choice.channel,
            "priority": choice.priority,
            "scope": choice.scope,
            "is_subscribed": "1" if choice.is_subscribed else "0",
        },
        message=UPDATED,
        warnings=in_numeric_order([*found.notices, *call.notices]),
        subject=found.customer_id,
    )


def read_outcomes(asked: LookupQuery, reading: Reading, call: Call) -> list[Outcome]:
    """An outcome for each value asked for, in order. A filter that is none fails them all."""
    try:
        wanted = read_filters(reading)
    except LoyaltyError as refusal:
        return [failed(refusal.code, {asked.key: value}) for value in asked.values]
    answers = _look_up(asked, call)
    ids = list(dict.fromkeys(answer.customer_id for answer in answers if answer.customer_id is not None))
    permitted = ids_of_store(ids, call.actor.store) if reading.wants("member_care_access") else set(ids)
    told: Mapping[int, Mapping[str, Any]] = {}
    with reading.may_fail(Code.SUBSCRIPTION_FAILED):
        told = assemble(ids, wanted, sections=SECTIONS, order=ORDER) if ids else {}
    return [_outcome(asked.key, answer, told, permitted) for answer in answers]


def _compose(outcomes: Sequence[Outcome], *, message: str) -> Tree:
    return customers_answer(outcomes, totals=False, message=message, container="subscriptions", key="subscription")


def _look_up(asked: LookupQuery, call: Call) -> list[LookupResult]:
    return look_up(asked, organization=call.actor.organization, policy=call.policy, country_code=call.country_code)


def _outcome(key: str, answer: LookupResult, told: Mapping[int, Mapping[str, Any]], permitted: Collection[int]) -> Outcome:
    """What one customer said, or why that is not told: 1104 nobody, 1044 not for this caller's eyes, 1109 unreadable."""
    echo = {key: answer.value}
    if answer.customer_id is None:
        return failed(Code.SUBSCRIPTION_IDENTIFIER_INVALID, echo)
    if answer.customer_id not in permitted:
        return failed(Code.NOT_PERMITTED, echo)
    if answer.customer_id not in told:
        return failed(Code.SUBSCRIPTION_FAILED, echo)
    return succeeded(Done(body=told[answer.customer_id], message=RETRIEVED, warnings=answer.notices))
