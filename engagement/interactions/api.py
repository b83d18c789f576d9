"""customer/interaction: messages, check-ins, surveys and posts of customers (docs/protocol.md 4.13)."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Result, read_outcomes, reading_of
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from engagement.interactions import openapi
from engagement.interactions.filters import InteractionFilters
from engagement.interactions.payloads import networks
from engagement.interactions.rules import FEEDS
from engagement.interactions.sections import FEED, INTERACTIONS, feed_notices, feeds, interactions
from loyalty_project.api.envelope import customer_answer
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome
from organizations.api.views import TillViewSet

RETRIEVED: Final = "Customer interactions retrieved successfully"


class InteractionViewSet(TillViewSet):
    """The action customer/interaction."""

    @action(detail=False, methods=["get"], url_path="interaction|interactions")
    @described(openapi.INTERACTION)
    def interaction(self, _request: Request, **_kwargs: object) -> Response:
        """Read the interactions of customers by network and type."""
        query = self.query
        asked = read_lookup_query(query, limit=self.call.policy.batch_limit)
        reading = reading_of(self.call, query)
        try:
            conditions = InteractionFilters(query, zone=reading.zone).conditions()
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading, (), lambda _found: code)
        else:
            outcomes = read_interactions(asked, reading_of(self.call, query, options=conditions))
        return self.answer(customer_answer(outcomes))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Write the code twice, as `response_code` too: clients of this action read it there (docs/protocol.md 1.7)."""
        status = response.data["response"]["status"]
        status["response_code"] = status["code"]
        return super().finalize_response(request, response, *args, **kwargs)


def read_interactions(asked: LookupQuery, reading: Reading) -> list[Outcome]:
    """An outcome for each value asked for: the customer with what meets the conditions of the `reading`'s options."""
    conditions = reading.options.texts
    sections = (identifiers(reading), interactions(conditions), feeds(conditions))
    return read_outcomes(asked, reading, sections, partial(_listed, reading=reading))


def _listed(found: Found, *, reading: Reading) -> Result:
    parts = merged(found.parts)
    body: Mapping[str, Any] = {
        "id": str(found.customer.pk),
        "mobile": parts.get("mobile"),
        "email": parts.get("email"),
        "external_id": parts.get("external_id"),
        "interactions": {"network": networks([*parts[INTERACTIONS], *(parts[FEED] or ())], reading.zone)},
    }
    asked = reading.query.get("network", "").lower()
    return Done(body=body, message=RETRIEVED, warnings=feed_notices(parts, {asked} & FEEDS.keys() or FEEDS.keys()))
