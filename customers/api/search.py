"""customer/search: customers by what is known of them (docs/protocol.md 4.4)."""

from typing import Final

from rest_framework.request import Request
from rest_framework.response import Response

from customers.search.grammar import raw_search
from loyalty_project.api.envelope import customer_answer
from loyalty_project.api.paging import read_limit, read_number
from loyalty_project.protocol.outcomes import Outcome
from loyalty_project.protocol.values import is_on
from organizations.api.views import TillView
from use_cases.search import Search, search_customers

FOUND: Final = "SUCCESS"
MOST_ROWS: Final = 100


class SearchView(TillView):
    """Searches customers."""

    http_method_names = ["get"]

    def get(self, request: Request, **_kwargs: object) -> Response:
        call, query = self.call, self.query
        search = Search(
            text=raw_search(str(request.META.get("QUERY_STRING", ""))),
            start=read_number(query, "start"),
            rows=min(read_limit(query, "rows"), MOST_ROWS),
            country_code=call.country_code,
            of_store=is_on(query, "member_care_access"),
            store=call.actor.store,
        )
        hits = search_customers(search, organization=call.actor.organization)
        body = {
            "count": str(hits.count),
            "start": str(search.start),
            "rows": str(search.rows),
            "results": {"item": hits.rows},
        }
        return Response(customer_answer([Outcome(body, succeeded=True)], message=FOUND))
