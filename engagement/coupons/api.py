"""customer/coupons: the coupons of one customer (docs/protocol.md 4.9)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from customers.api.reads import Result, read_outcomes, reading_of
from customers.identifiers.sections import identifiers
from customers.lookup.services import LookupQuery, expand_identifier_pair, read_lookup_query
from customers.lookup.statement import Found
from customers.profile.reading import Reading, merged
from engagement.coupons import openapi
from engagement.coupons.payloads import listed_coupon
from engagement.coupons.places import load_places
from engagement.coupons.rows import CouponPage, CouponQuery
from engagement.coupons.sections import PAGE, coupon_page, good_at, has_status, order_of, order_values, past_of, words_of
from loyalty_project.api.envelope import customers_answer
from loyalty_project.api.paging import read_limit, read_number
from loyalty_project.openapi.operations import described
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_span
from loyalty_project.protocol.outcomes import Done, Outcome
from loyalty_project.protocol.plain_text import read_code
from organizations.api.views import TillViewSet
from use_cases.rewards import due_rewards

RETRIEVED: Final = "Coupons retrieved successfully"
LIMIT: Final = 100
_UNSET: Final = {"", "0"}
_BETWEEN: Final = """(coupon.issued_at >= %(coupon_begin)s AND coupon.issued_at < %(coupon_end)s OR EXISTS (
            SELECT FROM engagement_couponredemption AS used
            WHERE used.organization_id = %(organization)s AND used.coupon_id = coupon.id
                AND used.redeemed_at >= %(coupon_begin)s AND used.redeemed_at < %(coupon_end)s
        ))"""
_FIRST: Final = datetime.fromisoformat("1900-01-01T00:00:00+00:00")
_LAST: Final = datetime.fromisoformat("9000-01-01T00:00:00+00:00")


class CouponViewSet(TillViewSet):
    """The action customer/coupons."""

    @action(detail=False, methods=["get"])
    @described(openapi.COUPONS)
    def coupons(self, _request: Request, **_kwargs: object) -> Response:
        """Read a page of a customer's coupons."""
        query = expand_identifier_pair(self.query)
        asked = read_lookup_query(query, limit=1)
        reading = reading_of(self.call, query)
        total, limit, offset = 0, LIMIT, 0
        try:
            page = read_query(query, reading)
        except LoyaltyError as error:
            code = error.code
            outcomes = read_outcomes(asked, reading, (), lambda _found: code)
        else:
            limit, offset = page.limit, page.offset
            outcomes, total = read_coupons(asked, reading_of(self.call, query, options=page))
        answer = customers_answer(outcomes, totals=False)["response"]
        pagination = {"limit": str(limit), "offset": str(offset), "total": total}
        return self.answer({"response": {"pagination": pagination, **answer}})


def read_query(query: Mapping[str, str], reading: Reading) -> CouponQuery:
    """The page that the query asks for. Raises `LoyaltyError`: 400, 1150."""
    order = order_of(query, "order_by", "sort_order")
    conditions: list[str] = []
    values: dict[str, Any] = {**order_values(order, reading), **past_of(reading)}
    if query.get("start_date", "") not in _UNSET or query.get("end_date", "") not in _UNSET:
        conditions.append(_BETWEEN)
        values |= {"coupon_begin": _bound(query, "start_date", reading), "coupon_end": _bound(query, "end_date", reading)}
    if query.get("status", "") not in _UNSET:
        conditions.append(has_status(words_of(query["status"])))
    if series_id := read_number(query, "series_id"):
        conditions.append("coupon.series_id = %(coupon_series)s")
        values["coupon_series"] = series_id
    if query.get("store_id", "") not in _UNSET:
        stores = reading.part(load_places).get(("STORE", read_code(query["store_id"])))
        if stores is None:
            raise LoyaltyError(Code.INVALID_STORE_ID)
        condition, versions = good_at(stores, reading)
        conditions.append(condition)
        values |= versions
    return CouponQuery(
        order=order,
        conditions=tuple(conditions),
        values=values,
        limit=read_limit(query, "limit", default=LIMIT),
        offset=read_number(query, "offset"),
    )


def read_coupons(asked: LookupQuery, reading: Reading) -> tuple[list[Outcome], int]:
    """The outcome of the value asked for, the customer with a page of coupons, and the number of all that match."""
    totals = [0]

    def result(found: Found) -> Result:
        parts = merged(found.parts)
        page: CouponPage = parts[PAGE]
        totals.append(page.count)
        customer = found.customer
        body = {
            "firstname": customer.firstname,
            "lastname": customer.lastname,
            "email": parts.get("email"),
            "external_id": parts.get("external_id"),
            "mobile": parts.get("mobile"),
            "id": str(customer.pk),
            "coupons": {"coupon": [listed_coupon(row, reading.zone) for row in page.coupons]},
        }
        return Done(body=body, message=RETRIEVED)

    due = due_rewards(reading)
    sections = (identifiers(reading), coupon_page(reading.options), *([due] if due else ()))
    outcomes = read_outcomes(asked, reading, sections, result)
    return outcomes, totals[-1]


def _bound(query: Mapping[str, str], name: str, reading: Reading) -> datetime:
    """The first moment of `start_date`, or the first after `end_date`. Raises `LoyaltyError` 400."""
    text = query.get(name, "")
    if text in _UNSET:
        return _FIRST if name == "start_date" else _LAST
    span = read_span(f"{text[:10]} {text[11:]}" if text[10:11] == "+" else text, reading.zone)
    if span is None:
        raise LoyaltyError(Code.INVALID_INPUT)
    return span[name == "end_date"]
