"""Actions on customers: add, update, update_identity, get and search (docs/protocol.md 4.1 to 4.5)."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api import openapi
from customers.api.echoes import echo_identifiers, echo_identity
from customers.api.reads import Result, is_limited_to_store, read_outcomes, reading_of
from customers.api.subjects import lock_first, lock_named
from customers.identity_requests import services as identity_requests
from customers.identity_requests.rules import read_item
from customers.lookup.services import read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.search.grammar import raw_search
from loyalty_project.api.envelope import customer_answer, customers_answer, one_customer_answer, request_items
from loyalty_project.api.paging import read_limit, read_number
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError, Notice, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, alone, unless_refused, work_sound
from loyalty_project.protocol.values import Item, is_on
from organizations.api.batches import answer_batch
from organizations.api.views import TillViewSet
from use_cases import registration
from use_cases.customer_core import customer_cores
from use_cases.identity import request_change
from use_cases.profile import notices_of, profile_of, refusal_of, sections_of
from use_cases.search import Search, search_customers

REGISTERED: Final = "Customer registration successful"
UPDATED: Final = "Customer successfully updated"
RETRIEVED: Final = "Customer successfully retrieved"
IDENTITY_REQUESTED: Final = "Customer Identity change request added successfully"
SEARCHED: Final = "SUCCESS"
MOST_HITS: Final = 100


class CustomerViewSet(TillViewSet):
    """The actions of customer/ that belong to customers themselves."""

    @action(detail=False, methods=["post"], url_path="add|register")
    @described(openapi.ADD)
    def add(self, _request: Request, **_kwargs: object) -> Response:
        """Register customers, or update those that are known."""
        return self._register("add", fallback=Code.ADD_FAILED)

    @action(detail=False, methods=["post", "put"])
    @described(openapi.UPDATE)
    def update(self, _request: Request, **_kwargs: object) -> Response:
        """Update known customers; PUT is the same as POST."""
        return self._register("update", fallback=Code.UPDATE_FAILED)

    @action(detail=False, methods=["post"])
    @described(openapi.UPDATE_IDENTITY)
    def update_identity(self, _request: Request, **_kwargs: object) -> Response:
        """Ask for the change of an identifier."""
        call = self.call
        items = request_items(self.payload(), limit=1)
        context = load_input_context(items, by=call.actor, configuration=call.configuration, country_code=call.country_code)

        def work(item: Item) -> Done:
            change = request_change(read_item(item, context), context=context, by=call.actor)
            return Done(
                body={**echo_identity(item), "updated": "true"},
                message=IDENTITY_REQUESTED,
                code=Code.IDENTITY_CHANGE_REQUESTED,
                warnings=call.notices,
                subject=change.customer_id,
            )

        return answer_batch(
            self,
            items,
            work,
            action="customer/update_identity",
            compose=one_customer_answer,
            echo=lambda item: {**echo_identity(item), "updated": "false"},
            fallback=Code.IDENTITY_CHANGE_FAILED,
            constraints=identity_requests.CONSTRAINTS,
            whose=lambda item: lock_first(_changed(item), call),
        )

    @action(detail=False, methods=["get"], url_path="get")
    @described(openapi.GET)
    def get_customers(self, _request: Request, **_kwargs: object) -> Response:
        """Read customers, up to the batch limit, by one kind of identifier."""
        query = self.query
        reading = reading_of(self.call, query)
        asked = read_lookup_query(query, limit=reading.policy.batch_limit)
        outcomes = read_outcomes(asked, reading, sections_of(reading), partial(_profile, reading=reading), echo=_echo)
        return self.answer(customers_answer(outcomes, totals=True))

    @action(detail=False, methods=["get"])
    @described(openapi.SEARCH)
    def search(self, request: Request, **_kwargs: object) -> Response:
        """Search customers by their attributes."""
        call, query = self.call, self.query
        search = Search(
            text=raw_search(str(request.META.get("QUERY_STRING", ""))),
            start=read_number(query, "start"),
            rows=min(read_limit(query, "rows"), MOST_HITS),
            country_code=call.country_code,
            of_store=is_limited_to_store(query),
            store=call.actor.store,
        )
        hits = search_customers(search, configuration=call.configuration)
        body = {
            "count": str(hits.count),
            "start": str(search.start),
            "rows": str(search.rows),
            "results": {"item": hits.rows},
        }
        return self.answer(customer_answer([Outcome(body, succeeded=True)], message=SEARCHED))

    def _register(self, name: Literal["add", "update"], *, fallback: Code) -> Response:
        """Read, work and answer the items of an add or update."""
        call = self.call
        items = request_items(self.payload(), limit=call.policy.batch_limit)
        context = load_input_context(
            items,
            by=call.actor,
            configuration=call.configuration,
            country_code=call.country_code,
            notices=call.notices,
        )
        if name == "add":
            all_programs = is_on(self.query, "mlp_single_enroll")
            options = registration.adding(context, all_programs=all_programs, defer_awards=call.replay)
        else:
            options = registration.updating(defer_awards=call.replay)
        catalog = registration.programs_of(call.configuration)
        wants_raw = is_on(self.query, "rawSideEffects")

        def work(items: Sequence[Item]) -> list[Done | LoyaltyError]:
            inputs = [unless_refused(read_customer_input, item, context, action=name) for item in items]
            registered = work_sound(
                inputs,
                partial(
                    registration.register_each,
                    options=options,
                    context=context,
                    by=call.actor,
                    configuration=call.configuration,
                ),
            )
            return work_sound(registered, print_each)

        def print_each(registered: Sequence[registration.Registration]) -> list[Done]:
            cores = customer_cores(registered, context=context, catalog=catalog, store=call.actor.store, wants_raw=wants_raw)
            return [_registered(result, *printed) for result, printed in zip(registered, cores, strict=True)]

        return answer_batch(
            self,
            items,
            alone(work),
            together=work,
            action=f"customer/{name}",
            compose=partial(customers_answer, totals=True),
            echo=echo_identifiers,
            fallback=fallback,
            constraints=registration.CONSTRAINTS,
            whose=partial(lock_named, call=call),
        )


def _registered(registered: registration.Registration, body: Mapping[str, Any], notices: Sequence[Notice]) -> Done:
    return Done(
        body=body,
        message=REGISTERED if registered.is_new else UPDATED,
        warnings=in_numeric_order([*registered.notices, *notices]),
        subject=registered.customer.pk,
    )


def _changed(item: Item) -> dict[str, str]:
    """The identifier that an identity change is about, as a reference."""
    sent = echo_identity(item)
    return {sent.get("identifier", "").lower(): sent.get("old_value", "")}


def _profile(found: Found, *, reading: Reading) -> Result:
    """The customer's profile, or the code that refuses it."""
    refused = refusal_of(found, reading)
    if refused is not None:
        return refused
    return Done(body=profile_of(found), message=RETRIEVED, warnings=notices_of(found, reading))


def _echo(key: str, value: str, found: Found | None, code: CodeTable) -> Mapping[str, Any]:
    """The id of an erased customer; else the value asked for, with the empty names that clients read (docs/protocol.md 1.9)."""
    if found is not None and code is Transport.CUSTOMER_ERASED:
        return {"id": str(found.customer.pk)}
    return {key: value, "firstname": "", "lastname": ""}
