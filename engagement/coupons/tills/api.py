"""coupon/isredeemable, redeem, issue and reactivate (docs/protocol.md, tills' part 5)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.echoes import LONGEST_ECHO
from customers.api.subjects import lock_first
from customers.identifiers.current import current_identifiers
from customers.lookup.references import references_of, sent_references
from engagement.coupons.codes import CONSTRAINTS, CouponCode
from engagement.coupons.issuing import issue_coupon
from engagement.coupons.reactivating import reactivate_coupon
from engagement.coupons.redeeming import check_usable, redeem_coupon
from engagement.coupons.tills import openapi
from engagement.coupons.tills.payloads import (
    FAILED_ISSUE,
    FAILED_REACTIVATION,
    FAILED_USE,
    asked_coupon,
    failed_issue,
    failed_use,
    issued_coupon,
    printed_customer,
    reactivated_coupon,
    series_info,
    used_coupon,
)
from engagement.coupons.tills.requests import (
    printed_case,
    read_issue,
    read_question,
    read_use,
    redemptions_to_reverse,
    sent_text,
)
from loyalty_project.api.batch import Whose, nobodys
from loyalty_project.api.envelope import Tree, request_items, sale_answer
from loyalty_project.api.plain import PlainJsonMixin, plain_warnings
from loyalty_project.api.response import WireResponse
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.errors import in_numeric_order
from loyalty_project.protocol.outcomes import Done, Outcome, failed, succeeded
from loyalty_project.protocol.values import Item, child, is_on, text
from organizations.api.batches import answer_batch
from organizations.api.call import Call, till_of
from organizations.api.views import TillViewSet

KEY: Final = "coupon"
CONTAINER: Final = "coupons"
REDEEMABLE: Final = "Coupon isRedeem successful"
REACTIVATED: Final = "Coupon reactivated"
_EXTENDED: Final = "extended"


class CouponTillViewSet(TillViewSet):
    """The actions of tills about coupons."""

    reads_single_quotes = True

    @action(detail=False, methods=["get"])
    @described(openapi.IS_REDEEMABLE)
    def isredeemable(self, _request: Request, **_kwargs: object) -> Response:
        """Say if a coupon may be redeemed now."""
        outcome = ask_coupon(self.query, self.call)
        return self.answer(sale_answer([outcome], container=CONTAINER, key="redeemable"))

    @action(detail=False, methods=["post"])
    @described(openapi.REDEEM)
    def redeem(self, _request: Request, **_kwargs: object) -> Response:
        """Redeem a coupon."""
        query, call = self.query, self.call
        return self._write(
            lambda item: redeem_item(item, query, call),
            limit=1,
            echo=partial(echo_use, query=query),
            whose=lambda item: lock_first(_sent(item) or references_of(query), call),
            least=FAILED_USE,
            compose=partial(sale_answer, container=CONTAINER, key=KEY),
        )

    @action(detail=False, methods=["post"])
    @described(openapi.ISSUE)
    def issue(self, _request: Request, **_kwargs: object) -> Response:
        """Issue coupons to customers."""
        query, call = self.query, self.call
        return self._write(
            lambda item: issue_item(item, query, call),
            limit=call.policy.batch_limit,
            echo=echo_issue,
            whose=lambda item: lock_first(_sent(item), call),
            least=FAILED_ISSUE,
            compose=partial(sale_answer, key=KEY),
        )

    @action(detail=False, methods=["post"])
    @described(openapi.REACTIVATE)
    def reactivate(self, _request: Request, **_kwargs: object) -> Response:
        """Take redemptions of coupons back."""
        call = self.call
        return self._write(
            lambda item: reactivate_item(item, call),
            limit=call.policy.batch_limit,
            echo=echo_reactivation,
            least=FAILED_REACTIVATION,
            compose=partial(sale_answer, container=CONTAINER, key=KEY, as_list=True),
        )

    def _write(
        self,
        work: Callable[[Item], Done],
        *,
        limit: int,
        echo: Callable[[Item], Mapping[str, Any]],
        least: Mapping[str, Any],
        compose: Callable[[Sequence[Outcome]], Tree],
        whose: Whose = nobodys,
    ) -> Response:
        """Answer a batch. A failed item has at least the keys `least`, also if the item is not an object."""

        def composed(outcomes: Sequence[Outcome]) -> Tree:
            return compose([
                outcome if outcome.succeeded else replace(outcome, body={**least, **outcome.body}) for outcome in outcomes
            ])  # fmt: skip

        return answer_batch(
            self,
            request_items(self.payload(), limit=limit, key=KEY),
            work,
            action=f"coupon/{self.action}",
            compose=composed,
            echo=echo,
            fallback=CouponCode.FAILED,
            constraints=CONSTRAINTS,
            whose=whose,
        )


class CouponReactivationViewSet(PlainJsonMixin, TillViewSet):
    """The other address of coupon/reactivate, in version 2 (docs/protocol.md, tills' part 5.4)."""

    reads_single_quotes = True

    def refuse_plainly(self, code: int, message: str) -> Tree:
        """The answer to a request that failed as a whole: it is no success either."""
        return plain_answer(errors=[{"code": code, "message": message}])

    def answer(self, tree: Tree) -> Response:
        """The response with this tree."""
        return WireResponse(tree)

    def reactivate(self, _request: Request, **_kwargs: object) -> Response:
        """Take redemptions of coupons back. HTTP 400 if none was."""
        call = self.call
        items = request_items(redemptions_to_reverse(self.payload()), limit=call.policy.batch_limit, key=KEY)
        response = answer_batch(
            self,
            items,
            lambda item: reactivate_item(item, call),
            action="coupon/reactivate",
            compose=plain_reactivations,
            echo=echo_reactivation,
            fallback=CouponCode.FAILED,
            constraints=CONSTRAINTS,
        )
        if len(response.data["errors"]) == len(items):
            response.status_code = 400
        return response


def ask_coupon(query: Mapping[str, str], call: Call) -> Outcome:
    """Answer to the question of a query; what is known of customer and coupon is printed also if it is refused.

    Raises `RequestRefusedError` 400 without a reference or a code.
    """
    question = read_question(query, country_code=call.country_code)
    usable = check_usable(question, by=call.actor)
    coupon, terms = usable.coupon, usable.terms
    known = current_identifiers(usable.customer_id) if usable.customer_id else None
    write = printed_case(query)
    body = asked_coupon(
        code=write((coupon.code if coupon else question.code)[:LONGEST_ECHO]),
        identifiers=_cut(question.references) if known is None else known,
        coupon=coupon,
        terms=terms,
        uses_left=usable.uses_left,
        is_own=coupon is not None and coupon.customer_id == usable.customer_id,
        is_redeemable=usable.refusal is None,
    )
    is_extended = query.get("details", "").lower() == _EXTENDED
    if coupon and terms and (is_extended or is_on(query, "details")):
        body["series_info"] = series_info(coupon, terms, call.configuration.zone, is_extended=is_extended)
    if usable.refusal is None:
        outcome = succeeded(
            Done(
                body=body,
                message=REDEEMABLE,
                code=CouponCode.DONE,
                warnings=usable.notices,
                subject=usable.customer_id,
            )
        )
    else:
        outcome = failed(usable.refusal.code, body, sentence=usable.refusal.sentence, warnings=usable.notices)
    status = outcome.body["item_status"]
    # Of all calls this one alone has the success twice.
    return replace(
        outcome, body={**outcome.body, "item_status": {"success": status["success"], "status": status["success"], **status}}
    )


def redeem_item(item: Item, query: Mapping[str, str], call: Call) -> Done:
    """Redeem the coupon of an item. Raises `LoyaltyError`: 400, and the codes of `redeem_coupon`."""
    by, notices = call.at_till(till_of(item))
    used = redeem_coupon(read_use(item, query, country_code=call.country_code), by=by)
    return Done(
        body=used_coupon(used.redemption, used.terms, current_identifiers(used.customer_id)),
        message=CouponCode.DONE.sentence,
        code=CouponCode.DONE,
        warnings=in_numeric_order([*used.notices, *notices]),
        subject=used.customer_id,
    )


def issue_item(item: Item, query: Mapping[str, str], call: Call) -> Done:
    """Issue the coupon of an item. Raises `LoyaltyError`: 400, and the codes of `issue_coupon`."""
    by, notices = call.at_till(till_of(item))
    issued = issue_coupon(read_issue(item, country_code=call.country_code), by=by)
    user_id = issued.customer_id if is_on(query, "user_id") else None
    customer = printed_customer(current_identifiers(issued.customer_id), user_id=user_id)
    return Done(
        body=issued_coupon(issued.coupon, issued.terms, customer, call.configuration.zone),
        message=CouponCode.DONE.sentence,
        code=CouponCode.DONE,
        warnings=in_numeric_order([*issued.notices, *notices]),
        subject=issued.customer_id,
    )


def reactivate_item(item: Item, call: Call) -> Done:
    """Take the redemption of an item back. Raises `LoyaltyError`: 400, and the codes of `reactivate_coupon`."""
    by, notices = call.at_till(till_of(item))
    done = reactivate_coupon(text(item, "redemption_id"), by=by)
    return Done(
        body=reactivated_coupon(done.redemption, done.coupon, done.uses_left),
        message=REACTIVATED,
        code=CouponCode.DONE,
        warnings=in_numeric_order([*done.notices, *notices]),
        subject=done.coupon.customer_id,
    )


def plain_reactivations(outcomes: Sequence[Outcome]) -> Tree:
    """The answer in version 2: an error for each redemption that stays, a warning for each that was taken back before."""
    errors, warnings = [], []
    for outcome in outcomes:
        of, status = {"redemptionId": outcome.body.get("redemptionId", "")}, outcome.body["item_status"]
        if not outcome.succeeded:
            errors.append({"code": int(status["code"]), "message": status["message"], **of})
        warnings += [{**warning, **of} for warning in plain_warnings(status, CouponCode)]
    return plain_answer(errors=errors, warnings=warnings)


def plain_answer(*, errors: list[dict[str, Any]], warnings: list[dict[str, Any]] | None = None) -> Tree:
    """An answer of version 2: it is a success without errors."""
    return {"success": not errors, "warnings": warnings or [], "errors": errors}


def echo_use(item: Item, *, query: Mapping[str, str]) -> Mapping[str, Any]:
    """What a refused redemption repeats of its item."""
    return failed_use(
        code=sent_text(item, "code")[:LONGEST_ECHO],
        number=sent_text(child(item, "transaction"), "number")[:LONGEST_ECHO],
        references=_cut(_sent(item) or references_of(query)),
    )


def echo_issue(item: Item) -> Mapping[str, Any]:
    """What an item without a coupon repeats."""
    series = sent_text(item, "series_id", "id")[:LONGEST_ECHO]
    return failed_issue(series=series, references=_cut(_sent(item)))


def echo_reactivation(item: Item) -> Mapping[str, Any]:
    """What a refused reactivation repeats of its item."""
    return {**FAILED_REACTIVATION, "redemptionId": sent_text(item, "redemption_id")[:LONGEST_ECHO]}


def _sent(item: Item) -> dict[str, str]:
    """The customer's references as the item sent them."""
    return sent_references(child(item, "customer"))


def _cut(references: Mapping[str, str]) -> dict[str, str]:
    return {key: value[:LONGEST_ECHO] for key, value in references.items()}
