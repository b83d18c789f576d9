"""customer/preferences: preferences of customers, written and read (docs/protocol.md 4.12)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.echoes import LONGEST_ECHO, echo_identifiers
from customers.api.items import find_target
from customers.api.reads import Result, read_outcomes, reading_of
from customers.api.subjects import lock_named
from customers.identifiers.sections import identifiers
from customers.lookup.services import read_lookup_query
from customers.lookup.statement import Found
from customers.preferences import openapi
from customers.preferences.rules import SentPreferences, SentStore, read_preferences
from customers.preferences.sections import PREFERENCES, SECTION
from customers.preferences.services import keep_preferences, load_open_stores
from customers.profile.field_values import write_value
from customers.profile.models import Customer
from customers.profile.reading import Reading, merged
from customers.registration.context import InputContext, load_input_context
from loyalty_project.api.envelope import customers_answer, request_items
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.outcomes import Done
from loyalty_project.protocol.values import Item
from organizations.api.batches import answer_batch
from organizations.api.call import Call
from organizations.api.views import TillViewSet
from organizations.fields.models import FieldDefinition

UPDATED: Final = "Preferences Updated Successfully"
RETRIEVED: Final = "Preferences retrieved successfully"
ALL_DONE: Final = "SUCCESS"
_compose = partial(customers_answer, totals=False, message=ALL_DONE)


class PreferenceViewSet(TillViewSet):
    """The action customer/preferences."""

    @action(detail=False, methods=["get"])
    @described(openapi.READ)
    def preferences(self, _request: Request, **_kwargs: object) -> Response:
        """Read the preferences of customers."""
        query = self.query
        reading = reading_of(self.call, query)
        asked = read_lookup_query(query, limit=reading.policy.batch_limit)
        sections = (identifiers(reading), SECTION)
        return self.answer(_compose(read_outcomes(asked, reading, sections, partial(_listed, reading=reading))))

    @preferences.mapping.post
    @described(openapi.WRITE)
    def add_preferences(self, _request: Request, **_kwargs: object) -> Response:
        """Store preferences of customers."""
        call = self.call
        items = request_items(self.payload(), limit=call.policy.batch_limit)
        context = load_input_context([], by=call.actor, configuration=call.configuration)
        return answer_batch(
            self,
            items,
            lambda item: keep_item(item, call, context),
            action="customer/preferences",
            compose=_compose,
            echo=_echo,
            fallback=Code.PREFERENCES_NOT_SAVED,
            constraints={},
            whose=partial(lock_named, call=call),
        )


def keep_item(item: Item, call: Call, context: InputContext) -> Done:
    """Store the preferences of an item.

    Raises `LoyaltyError`: the codes of `find_target`, 1013, 1150, 1053, 1030, 1017.
    """
    reading = reading_of(call, {})
    found = find_target(item, reading, (identifiers(reading),))
    if found.customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(Code.NOT_LOYALTY)
    named = partial(context.field_named, FieldDefinition.Category.PREFERENCE)
    sent = read_preferences(item, named, call.configuration.part(load_open_stores))
    if sent.refusal is not None:
        raise LoyaltyError(sent.refusal)
    keep_preferences(found.customer.pk, sent, context=context, by=call.actor)
    notices = [Notice(Code.SURVIVOR_RETRIEVED)] if found.is_merged else []
    return Done(
        body={
            "user_id": str(found.customer.pk),
            **_identifiers(found),
            **_local_id(item),
            "custom_fields": {"field": _stored(sent)},
            **({"store": _store(sent.store)} if sent.store else {}),
        },
        message=UPDATED,
        warnings=in_numeric_order([*notices, *sent.notices, *call.notices]),
        subject=found.customer.pk,
    )


def _stored(sent: SentPreferences) -> list[dict[str, str]]:
    return [{"name": definition.name, "value": write_value(value)} for definition, value in sent.values.items()]


def _store(sent: SentStore) -> dict[str, str]:
    """The preferred store as stored; an unknown one by what was sent."""
    if sent.store is None:
        return {"id": "", "code": sent.given[:LONGEST_ECHO], "name": "", "status": "FAILED"}
    return {"id": str(sent.store.pk), "code": sent.store.code, "name": sent.store.name, "status": "SUCCESS"}


def _listed(found: Found, *, reading: Reading) -> Result:
    """The customer with their preferences; 1013, 1029 or 1031."""
    if found.customer.type != Customer.Type.LOYALTY:
        return Code.NOT_LOYALTY
    parts = merged(found.parts)
    if PREFERENCES not in parts:
        return Code.PREFERENCES_NOT_READ
    if not parts[PREFERENCES]:
        return Code.NO_PREFERENCES
    user_id = {"user_id": str(found.customer.pk)} if reading.wants("user_id") else {}
    return Done(body={**user_id, **_identifiers(found), "custom_fields": {"field": parts[PREFERENCES]}}, message=RETRIEVED)


def _identifiers(found: Found) -> dict[str, Any]:
    parts = merged(found.parts)
    return {kind: parts.get(kind) for kind in ("mobile", "email", "external_id")}


def _echo(item: Item) -> Mapping[str, Any]:
    return {**echo_identifiers(item), **_local_id(item)}


def _local_id(item: Item) -> dict[str, str]:
    """The caller's own id of the item, as it was written."""
    given = item.get("local_id")
    return {"local_id": given[:LONGEST_ECHO]} if isinstance(given, str) and given.strip() else {}
