"""POST /v2/points/reverse: the reversal of points in plain JSON (docs/protocol.md, tills' part 4.4)."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from engagement.redemptions.api.customer import REVERSED, NamedCustomer, reverse_named
from engagement.redemptions.api.items import plain_identifier, read_plain_reversal
from engagement.redemptions.api.payloads import plain_answer, plainly_reversed, refused_plain_reversal
from engagement.redemptions.codes import CONSTRAINTS, PointsCode
from loyalty_project.api.envelope import Tree
from loyalty_project.api.plain import PlainJsonMixin
from loyalty_project.api.response import WireResponse
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.values import Item
from organizations.api.batches import answer_batch
from organizations.api.views import TillView


class PlainReversalView(PlainJsonMixin, TillView):
    """The call, for tills and API clients as all others."""

    http_method_names = ["post"]
    reads_single_quotes = True

    def post(self, _request: Request) -> Response:
        """Give redeemed points back."""
        call = self.call
        body = self.payload()
        if not isinstance(body, dict):
            raise RequestRefusedError(400, Code.INVALID_INPUT)
        identifier = plain_identifier(body)
        named = NamedCustomer(call, {})

        def work(item: Item) -> Done:
            done = reverse_named(read_plain_reversal(item, country_code=call.country_code), named, by=call.actor)
            return Done(
                body=plainly_reversed(call.actor.organization.pk, identifier, done),
                message=REVERSED,
                code=PointsCode.DONE,
                warnings=in_numeric_order([*named.notices, *call.notices]),
                subject=done.customer_id,
            )

        def echo(item: Item) -> Mapping[str, Any]:
            return refused_plain_reversal(call.actor.organization.pk, identifier, item)

        return answer_batch(
            self,
            [body],
            work,
            action="v2/points/reverse",
            compose=_compose,
            echo=echo,
            fallback=Code.ALL_FAILED,
            constraints=CONSTRAINTS,
            whose=named.lock,
        )

    def answer(self, tree: Tree) -> Response:
        """The response with this tree: 400 if it has errors."""
        return WireResponse(tree, status=400 if tree["errors"] else 200)


def _compose(outcomes: Sequence[Outcome]) -> Tree:
    """The answer of the only item."""
    (outcome,) = outcomes
    return plain_answer(outcome.body)
