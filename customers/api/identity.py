"""customer/update_identity: one identifier is asked to become another (docs/protocol.md 4.3)."""

from collections.abc import Mapping
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from customers.identity_requests.rules import read_item
from customers.identity_requests.services import CONSTRAINTS
from customers.registration.context import load_input_context
from loyalty_project.api.envelope import one_customer_answer, request_items
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.outcomes import Done
from loyalty_project.protocol.values import Item
from organizations.api.batches import answer_batch
from organizations.api.views import TillView
from use_cases.identity import request_change

REQUESTED: Final = "Customer Identity change request added successfully"
# The keys of the answer, each with those under which it may have been sent.
_ECHOED: Final = {
    "identifier": ("identifier",),
    "old_value": ("old_value", "old_identifier"),
    "new_value": ("new_value", "new_identifier"),
}


class UpdateIdentityView(TillView):
    """Takes requests to change identifiers."""

    http_method_names = ["post"]

    def post(self, _request: Request, **_kwargs: object) -> Response:
        call = self.call
        items = request_items(self.payload(), limit=1)
        context = load_input_context(items, by=call.actor, country_code=call.country_code)

        def work_item(item: Item) -> Done:
            request = request_change(read_item(item, context), context=context, by=call.actor)
            return Done(
                body={**_sent(item), "updated": "true"},
                message=REQUESTED,
                code=Code.IDENTITY_CHANGE_REQUESTED,
                warnings=call.notices,
                subject=request.customer_id,
            )

        return answer_batch(
            self,
            items,
            work_item,
            action="customer/update_identity",
            compose=one_customer_answer,
            echo=lambda item: {**_sent(item), "updated": "false"},
            fallback=Code.IDENTITY_CHANGE_FAILED,
            constraints=CONSTRAINTS,
        )


def _sent(item: Item) -> Mapping[str, Any]:
    """What the item named, as it was written, under the names of the answer."""
    given = {name for name, value in item.items() if isinstance(value, str) and value.strip()}
    first = {key: next((name for name in names if name in given), None) for key, names in _ECHOED.items()}
    return {key: item[name] for key, name in first.items() if name is not None}
