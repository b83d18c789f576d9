"""customer/add and customer/update: items in, CustomerCore out (docs/protocol.md 4.1, 4.2)."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from rest_framework.request import Request
from rest_framework.response import Response

from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from loyalty_project.api.envelope import customers_answer, request_items
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import in_numeric_order
from loyalty_project.protocol.outcomes import Done
from loyalty_project.protocol.values import Item
from organizations.api.batches import answer_batch
from organizations.api.views import TillView
from use_cases.loyalty import customer_core
from use_cases.registration import CONSTRAINTS, Registration, load_programs, register_customer, update_customer

REGISTERED = "Customer registration successful"
_TRUE = {"true", "1"}
UPDATED = "Customer successfully updated"
_ECHOED = ("user_id", "id", "mobile", "email", "external_id")


class AddView(TillView):
    """Registers customers, or updates those who are known."""

    http_method_names = ["post"]

    def post(self, _request: Request, **_kwargs: object) -> Response:
        return answer_items(self, action="add", work=register_customer, fallback=Code.ADD_FAILED)


class UpdateView(TillView):
    """Updates known customers; PUT is another name of POST."""

    http_method_names = ["post", "put"]

    def post(self, _request: Request, **_kwargs: object) -> Response:
        return answer_items(self, action="update", work=update_customer, fallback=Code.UPDATE_FAILED)

    put = post


def answer_items(
    view: TillView,
    *,
    action: Literal["add", "update"],
    work: Callable[..., Registration],
    fallback: Code,
) -> Response:
    """Read, work and answer the items of the call's body, one after the other."""
    call = view.call
    items = request_items(view.payload(), limit=call.policy.batch_limit)
    context = load_input_context(items, by=call.actor, country_code=call.country_code, notices=call.notices)
    catalog = load_programs()
    wants_raw = view.query.get("rawSideEffects", "").lower() in _TRUE
    more = {"defer_awards": call.replay}
    if action == "add":
        more["all_programs"] = view.query.get("mlp_single_enroll", "").lower() in _TRUE

    def work_item(item: Item) -> Done:
        registration = work(
            read_customer_input(item, context, action=action), context=context, catalog=catalog, by=call.actor, **more
        )
        body, notices = customer_core(
            registration, context=context, catalog=catalog, store=call.actor.store, wants_raw=wants_raw
        )
        return Done(
            body=body,
            message=REGISTERED if registration.is_new else UPDATED,
            warnings=in_numeric_order([*registration.notices, *notices]),
            subject=registration.customer.pk,
        )

    return answer_batch(
        view,
        items,
        work_item,
        action=f"customer/{action}",
        compose=partial(customers_answer, totals=True),
        echo=echo_identifiers,
        fallback=fallback,
        constraints=CONSTRAINTS,
    )


def echo_identifiers(item: Item) -> Mapping[str, Any]:
    """What a failed item is known by: the identifiers that it supplied, as it wrote them (docs/protocol.md 1.5)."""
    return {key: item[key] for key in _ECHOED if isinstance(item.get(key), str) and item[key].strip()}
