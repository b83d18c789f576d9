"""customer/recommendations: products recommended to customers (docs/protocol.md 4.15)."""

from collections.abc import Mapping
from typing import Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Result, read_outcomes, reading_of
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, expand_identifier_pair, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from engagement.recommendations import openapi
from engagement.recommendations.payloads import customer_with_products
from engagement.recommendations.rows import RecommendationQuery
from engagement.recommendations.sections import PRODUCTS, RECOMMENDATIONS
from loyalty_project.api.envelope import customer_answer
from loyalty_project.api.paging import read_limit
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome, Refused
from organizations.api.views import TillViewSet

# The literal of full success (docs/protocol.md 1.7).
SUCCESS: Final = "SUCCESS"


class RecommendationViewSet(TillViewSet):
    """The action customer/recommendations."""

    @action(detail=False, methods=["get"])
    @described(openapi.RECOMMENDATIONS)
    def recommendations(self, _request: Request, **_kwargs: object) -> Response:
        """Read the products recommended to each customer."""
        query = expand_identifier_pair(self.query)
        asked = read_lookup_query(query, limit=self.call.policy.batch_limit)
        try:
            options = read_query(query)
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading_of(self.call, query), (), lambda _found: code)
        else:
            outcomes = read_recommendations(asked, reading_of(self.call, query, options=options))
        return self.answer(customer_answer(outcomes, message=SUCCESS))


def read_query(query: Mapping[str, str]) -> RecommendationQuery:
    """How many products the query asks for. Raises `LoyaltyError` 400."""
    limit = read_limit(query, "limit")
    return RecommendationQuery(limit=limit, product_limit=read_limit(query, "product_limit", default=limit))


def read_recommendations(asked: LookupQuery, reading: Reading) -> list[Outcome]:
    """An outcome for each value asked for: the customer with products; 1051 without any, with the customer all the same."""

    def result(found: Found) -> Result:
        parts = merged(found.parts)
        products = parts[PRODUCTS]
        body = customer_with_products(found.customer, products, identifiers=parts, with_id=reading.wants("user_id"))
        if products:
            return Done(body=body, message=Code.RECOMMENDATIONS_FETCHED.sentence, code=Code.RECOMMENDATIONS_FETCHED)
        return Refused(body=body, code=Code.NO_ROWS)

    return read_outcomes(asked, reading, (identifiers(reading), RECOMMENDATIONS), result)
