"""customer/redemptions: the points that customers spent, and the coupons that they used (docs/protocol.md 4.7)."""

from collections.abc import Mapping
from typing import Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Result, read_outcomes, reading_of
from customers.groups.sections import USER_GROUPS
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, expand_identifier_pair, names_customer, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.models import Customer
from customers.profile.reading import Reading, merged
from engagement.coupons.sections import USES, coupon_redemptions
from engagement.redemptions import openapi
from engagement.redemptions.filters import (
    BoundedCouponUseFilters,
    BoundedRedemptionFilters,
    CouponUseFilters,
    RedemptionFilters,
)
from engagement.redemptions.payloads import customer_with_redemptions
from engagement.redemptions.rows import RedemptionPage, RedemptionQuery
from engagement.redemptions.sections import COUPONS_SORTED_BY, PAGE, SORTED_BY, redemptions
from loyalty_project.api.envelope import customer_answer
from loyalty_project.api.paging import read_limit, read_number, read_order
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.values import is_on
from organizations.api.views import TillViewSet

_KINDS: Final = {"", "POINTS", "COUPONS", "BOTH"}


class RedemptionViewSet(TillViewSet):
    """The action customer/redemptions."""

    @action(detail=False, methods=["get"])
    @described(openapi.REDEMPTIONS)
    def redemptions(self, _request: Request, **_kwargs: object) -> Response:
        """Read a page of each customer's redemptions."""
        query = expand_identifier_pair(self.query)
        asked = read_lookup_query(query, limit=self.call.policy.batch_limit)
        try:
            page = read_query(query, reading_of(self.call, query))
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading_of(self.call, query), (), lambda _found: code, translate=_translate)
        else:
            outcomes = read_redemptions(asked, reading_of(self.call, query, options=page))
        return self.answer(customer_answer(outcomes))


def read_query(query: Mapping[str, str], reading: Reading) -> RedemptionQuery:
    """What the query asks for: kinds, filters, order, limits. Raises `LoyaltyError` 400."""
    kind = query.get("type", "").upper()
    if kind not in _KINDS:
        raise LoyaltyError(Code.INVALID_INPUT)
    # The limit of one kind and the bounds of ids count only where `type` is absent (docs/protocol.md 4.7).
    filters = RedemptionFilters if kind else BoundedRedemptionFilters
    conditions = filters(query, zone=reading.zone).conditions()
    coupon_filters = CouponUseFilters if kind else BoundedCouponUseFilters
    of_coupons = coupon_filters(query, zone=reading.zone).conditions()
    return RedemptionQuery(
        points=kind != "COUPONS",
        coupons=kind != "POINTS",
        order=read_order(query, SORTED_BY, of="redemption"),
        conditions=conditions.texts,
        values={**conditions.values, **of_coupons.values},
        rows=read_limit(query, "limit"),
        limit=read_limit(query, "limit") if kind else read_limit(query, "points_limit", "limit"),
        coupon_order=read_order(query, COUPONS_SORTED_BY, of="redemption"),
        coupon_conditions=of_coupons.texts,
        coupon_limit=read_limit(query, "limit") if kind else read_limit(query, "coupons_limit", "limit"),
        program_id=read_number(query, "program_id") or read_number(query, "programId"),
        by_program=is_on(query, "mlp"),
        with_user_id=is_on(query, "user_id") or names_customer(query.get("user_id", "")),
    )


def read_redemptions(asked: LookupQuery, reading: Reading) -> list[Outcome]:
    """An outcome for each value asked for: the customer with a page of redemptions.

    Refusals: 1013 for customers outside the loyalty program, 1020 for those outside the program that the query names.
    """
    shown: RedemptionQuery = reading.options

    def result(found: Found) -> Result:
        if found.customer.type != Customer.Type.LOYALTY:
            return Code.NOT_LOYALTY
        parts = merged(found.parts)
        page: RedemptionPage = parts[PAGE]
        if shown.program_id and not page.is_member:
            return Code.NOT_IN_PROGRAM
        body = customer_with_redemptions(
            found.customer, page, parts.get(USES), shown, identifiers=parts, groups=parts["user_groups2"], zone=reading.zone
        )
        return Done(body=body, message=Transport.SUCCESS.sentence)

    sections = [identifiers(reading), USER_GROUPS, redemptions(shown)]
    if shown.coupons:
        sections.append(coupon_redemptions(shown.coupon_order, shown.coupon_conditions))
    return read_outcomes(
        asked,
        reading,
        sections,
        result,
        translate=_translate,
        # A customer who was read has no item_status.
        conclude=lambda done: Outcome(done.body, succeeded=True),
    )


def _translate(code: CodeTable) -> CodeTable:
    """816 for an unknown customer: the code of the points layer (docs/protocol.md 5.1)."""
    unknown = {Code.UNKNOWN_ID, Code.UNKNOWN_IDENTIFIER}
    return Code.CUSTOMER_NOT_FOUND_FOR_POINTS if code in unknown else code
