"""Actions of tills about points: isredeemable, validationcode, redeem and reverse (docs/protocol.md, tills' part 4)."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.lookup.references import first_reference, write_order
from engagement.programs.catalog import load_catalog
from engagement.redemptions import points_openapi as openapi
from engagement.redemptions.api.customer import REVERSED, NamedCustomer, reverse_named
from engagement.redemptions.api.items import (
    customer_block,
    query_references,
    read_question,
    read_redemption,
    read_reversal,
)
from engagement.redemptions.api.payloads import (
    printed_number,
    redeemable_points,
    redeemed_points,
    refused_question,
    refused_redemption,
    refused_reversal,
    reversed_points,
    validation_code,
)
from engagement.redemptions.codes import CONSTRAINTS, PointsCode
from engagement.redemptions.otp import ask_for_code
from engagement.redemptions.redeeming import check_redeemable, redeem_points
from loyalty_project.api.batch import run_batch
from loyalty_project.api.envelope import request_items, sale_answer
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError, in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.values import Item
from organizations.api.batches import answer_batch
from organizations.api.call import till_of
from organizations.api.views import TillViewSet

REDEEMABLE: Final = "Points can be redeemed"
REDEEMED: Final = "Points Redeemed"
# Literal of the status of validationcode; the others have "Success".
ISSUED: Final = "Operation Successful"
# The code of an item after a bug: nothing was done.
FAILED: Final = Code.ALL_FAILED


class PointsViewSet(TillViewSet):
    """The actions of points/."""

    reads_single_quotes = True

    @action(detail=False, methods=["get"])
    @described(openapi.IS_REDEEMABLE)
    def isredeemable(self, _request: Request, **_kwargs: object) -> Response:
        """Ask if points can be redeemed."""
        call = self.call
        question = read_question(self.query, country_code=call.country_code)
        named = NamedCustomer(call, self.query)

        def work(_query: Item) -> Done:
            customer_id = named.find(*first_reference(question.references))
            catalog = call.configuration.part(load_catalog)
            redeemable = check_redeemable(question, by=call.actor, customer_id=customer_id, catalog=catalog)
            return Done(
                body=redeemable_points(named.identifiers(), redeemable, is_money=question.is_money),
                message=REDEEMABLE,
                code=PointsCode.DONE,
                warnings=in_numeric_order([*redeemable.notices, *named.notices, *call.notices]),
            )

        outcomes = self._read(
            work, echo=lambda: refused_question(named.identifiers(), question.amount, is_money=question.is_money)
        )
        return self.answer(sale_answer(outcomes, container="points", key="redeemable"))

    @action(detail=False, methods=["get"])
    @described(openapi.VALIDATION_CODE)
    def validationcode(self, _request: Request, **_kwargs: object) -> Response:
        """Send the customer a code that confirms a redemption."""
        call = self.call
        references, points = query_references(self.query), self.query.get("points", "")
        if not points:
            raise RequestRefusedError(400, Code.INVALID_INPUT)
        named = NamedCustomer(call, self.query)

        def work(_query: Item) -> Done:
            customer_id = named.find(*first_reference(references))
            sent = ask_for_code(references, points, by=call.actor, customer_id=customer_id)
            return Done(
                body=validation_code(named.identity(), sent.points),
                message=sent.message,
                code=PointsCode.CODE_ISSUED,
                warnings=in_numeric_order([*named.notices, *call.notices]),
            )

        outcomes = self._read(work, echo=lambda: validation_code(named.identity(), printed_number(points)))
        return self.answer(sale_answer(outcomes, container="validation_code", key="code", message=ISSUED))

    @action(detail=False, methods=["post"])
    @described(openapi.REDEEM)
    def redeem(self, _request: Request, **_kwargs: object) -> Response:
        """Redeem points of a customer."""
        call = self.call
        items = request_items(self.payload(), limit=1, key="redeem")
        named = NamedCustomer(call, customer_block(items[0]))

        def work(item: Item) -> Done:
            by, notices = call.at_till(till_of(item))
            request = read_redemption(item, self.query, country_code=call.country_code)
            customer_id = named.find(request.references, write_order(call.policy))
            catalog = call.configuration.part(load_catalog)
            redeemed = redeem_points(request, by=by, customer_id=customer_id, catalog=catalog)
            return Done(
                body=redeemed_points(named.identity(), redeemed),
                message=REDEEMED,
                code=PointsCode.DONE,
                warnings=in_numeric_order([*redeemed.notices, *named.notices, *notices]),
                subject=customer_id,
            )

        return self._write(items, work, named, name="redeem", echo=lambda item: refused_redemption(named.identity(), item))

    @action(detail=False, methods=["post"])
    @described(openapi.REVERSE)
    def reverse(self, _request: Request, **_kwargs: object) -> Response:
        """Give redeemed points back."""
        call = self.call
        items = request_items(self.payload(), limit=1, key="reverse")
        named = NamedCustomer(call, customer_block(items[0]))

        def work(item: Item) -> Done:
            by, notices = call.at_till(till_of(item))
            done = reverse_named(read_reversal(item, country_code=call.country_code), named, by=by)
            return Done(
                body=reversed_points(named.identity(), done),
                message=REVERSED,
                code=PointsCode.DONE,
                warnings=in_numeric_order([*named.notices, *notices]),
                subject=done.customer_id,
            )

        return self._write(items, work, named, name="reverse", echo=lambda item: refused_reversal(named.identity(), item))

    def _read(self, work: Callable[[Item], Done], *, echo: Callable[[], Mapping[str, Any]]) -> Sequence[Outcome]:
        """The outcome of a read, whose only item is the query."""
        return run_batch([self.query], work, echo=lambda _query: echo(), fallback=FAILED, constraints=CONSTRAINTS)

    def _write(
        self,
        items: Sequence[Item],
        work: Callable[[Item], Done],
        named: NamedCustomer,
        *,
        name: str,
        echo: Callable[[Item], Mapping[str, Any]],
    ) -> Response:
        """The answer to a write of one item, about the customer that it names."""
        return answer_batch(
            self,
            items,
            work,
            action=f"points/{name}",
            compose=partial(sale_answer, container="responses", key="points"),
            echo=echo,
            fallback=FAILED,
            constraints=CONSTRAINTS,
            whose=named.lock,
        )
