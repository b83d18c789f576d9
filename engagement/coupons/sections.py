"""Sections about coupons: of customer/get, coupons, redemptions and transactions (docs/protocol.md 4.5, 4.6, 4.7, 4.9)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from customers.profile.reading import CustomerRow, Reading, Section, Values
from engagement.coupons.catalog import load_series
from engagement.coupons.payloads import coupon_of_profile, redeemed_coupon
from engagement.coupons.places import load_places
from engagement.coupons.rows import CouponPage, CouponQuery, CouponRow, CouponUsePage, CouponUseRow, UseRow
from engagement.coupons.rules import latest_expired
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.numbers import read_whole
from loyalty_project.protocol.plain_text import read_code
from organizations.locations.names import load_names

# The parts that these sections print, by name.
PAGE: Final = "coupons"
USES: Final = "coupon_redemptions"
OF_BILLS: Final = "coupons_of_bills"
LIMIT: Final = 10
MOST_ROWS: Final = 1000
# What `status` says of a coupon; joined by "or".
STATUSES: Final[Mapping[str, str]] = {
    "active": "coupon.valid_till > %(coupon_past)s",
    "expired": "coupon.valid_till <= %(coupon_past)s",
    "redeemed": "coupon.uses > 0",
    "unredeemed": "(coupon.uses = 0 AND coupon.valid_till > %(coupon_past)s)",
}
_GOOD_AT: Final = "coupon.version_id = ANY(%(coupon_versions)s::bigint[])"
NOTHING: Final = "false"
# An order of coupons by the word that asks for it.
ORDERS: Final[Mapping[str, str]] = {
    "created_date": "coupon.issued_at",
    "created_by": "coupon.made_by",
    "valid_till": "coupon.valid_till",
    "amount": "(%(coupon_amounts)s::jsonb ->> coupon.version_id::text)::numeric",
}
_COLUMNS: Final = (
    "id", "series_id", "version_id", "code", "issued_at", "valid_till", "uses", "most_uses", "transaction_number", "till_id",
)  # fmt: skip
_REDEMPTIONS: Final = """(SELECT json_agg(json_build_array(
            redemption.id, redemption.redeemed_at, redemption.transaction_number, redemption.till_id
        ) ORDER BY redemption.redeemed_at, redemption.id)
        FROM engagement_couponredemption AS redemption
        WHERE redemption.organization_id = %(organization)s AND redemption.coupon_id = coupon.id AND NOT EXISTS (
            SELECT FROM engagement_couponreversal AS reversal
            WHERE reversal.organization_id = %(organization)s AND reversal.redemption_id = redemption.id
        ))"""


def coupons_of_profile(reading: Reading) -> Section | None:
    """`coupons` of customer/get: a page that passes coupon_active, coupon_status and the location."""
    if reading.wants("basic"):
        return None
    order, conditions = order_of(reading.query, "coupon_order_by", "coupon_sort_order"), _conditions_of_profile(reading)
    return _of_profile(order, conditions)


def coupon_page(asked: CouponQuery) -> Section:
    """A page of coupons with their redemptions: a `CouponPage` as `PAGE`."""
    return _page(asked.order, asked.conditions)


def order_of(query: Mapping[str, str], order_by: str, sort_order: str) -> str:
    """The order, in SQL, that these parameters ask for; the newest first for none and for unknown words."""
    column = ORDERS.get(query.get(order_by, "").lower(), ORDERS["created_date"])
    direction = "ASC" if query.get(sort_order, "").lower() == "asc" else "DESC"
    return f"{column} {direction}, coupon.id {direction}"


def order_values(order: str, reading: Reading) -> dict[str, Any]:
    """The values of an order's parameters."""
    if ORDERS["amount"] not in order:
        return {}
    amounts = {str(pk): str(terms.discount_value) for pk, terms in reading.part(load_series).terms.items()}
    return {"coupon_amounts": orjson.dumps(amounts).decode()}


def has_status(words: Iterable[str]) -> str:
    """The condition that a coupon has one of these statuses; unknown ones are those of no coupon."""
    known = [STATUSES[word] for word in STATUSES if word in words]
    return f"({' OR '.join(known)})" if known else NOTHING


def good_at(stores: Iterable[str], reading: Reading) -> tuple[str, dict[str, Any]]:
    """The condition that a coupon may be redeemed at one of these stores (codes), with its value."""
    return _GOOD_AT, {"coupon_versions": reading.part(load_series).versions_at(stores)}


def past_of(reading: Reading) -> dict[str, Any]:
    """The value of the conditions about expiry."""
    return {"coupon_past": latest_expired(reading.now)}


def _conditions_of_profile(reading: Reading) -> tuple[str, ...]:
    conditions = [STATUSES["active"]] if reading.wants("coupon_active") else []
    if reading.query.get("coupon_status"):
        conditions.append(has_status(words_of(reading.query["coupon_status"])))
    if reading.query.get("coupon_org_entity_value"):
        conditions.append(_GOOD_AT)
    return tuple(conditions)


def words_of(text: str) -> list[str]:
    """The words of a list with semicolons, in lower case."""
    return [word.strip().lower() for word in text.split(";")]


def _page_of_sql(columns: Sequence[str], order: str, conditions: tuple[str, ...]) -> str:
    return f"""LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array({", ".join(columns)}) ORDER BY {order})::text AS rows
    FROM (
        SELECT coupon.* FROM engagement_coupon AS coupon
        WHERE coupon.organization_id = %(organization)s AND coupon.customer_id = customer.id
            {"".join(f" AND {condition}" for condition in conditions)}
        ORDER BY {order}
        LIMIT %(coupon_limit)s OFFSET %(coupon_offset)s
    ) AS coupon
) AS coupons ON true"""  # noqa: S608 - made of constants


@lru_cache(maxsize=256)
def _of_profile(order: str, conditions: tuple[str, ...]) -> Section:
    return Section(
        columns=("coupons.rows",),
        joins=_page_of_sql([f"coupon.{column}" for column in _COLUMNS], order, conditions),
        parameters=_parameters_of_profile,
        display=_display_profile,
        failure=Code.POINTS_UNAVAILABLE,
    )


def _parameters_of_profile(reading: Reading) -> Mapping[str, Any]:
    query = reading.query
    values: dict[str, Any] = {
        "coupon_limit": min(_number(query, "coupon_limit") or LIMIT, MOST_ROWS),
        "coupon_offset": _number(query, "coupon_offset"),
        **past_of(reading),
    }
    if query.get("coupon_org_entity_value"):
        location = query.get("coupon_org_entity_type", "").upper() or "STORE", read_code(query["coupon_org_entity_value"])
        values |= good_at(reading.part(load_places).get(location, ()), reading)[1]
    return values | order_values(order_of(query, "coupon_order_by", "coupon_sort_order"), reading)


def _number(query: Mapping[str, str], name: str) -> int:
    return max(read_whole(query.get(name, "")) or 0, 0)


def _display_profile(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    if not values or not values[0]:
        return {}
    offered = _number(reading.query, "coupon_offer")
    rows = [_read(row, reading) for row in orjson.loads(values[0])]
    printed = [coupon_of_profile(row, reading.zone, with_offer=row.series_id == offered) for row in rows]
    return {PAGE: {"coupon": printed}}


@lru_cache(maxsize=256)
def _page(order: str, conditions: tuple[str, ...]) -> Section:
    columns = [*(f"coupon.{column}" for column in _COLUMNS), _REDEMPTIONS]
    return Section(
        columns=(
            f"""(SELECT count(*) FROM engagement_coupon AS coupon
        WHERE coupon.organization_id = %(organization)s AND coupon.customer_id = customer.id
            {"".join(f" AND {condition}" for condition in conditions)})""",  # noqa: S608 - made of constants
            "coupons.rows",
        ),
        joins=_page_of_sql(columns, order, conditions),
        parameters=_parameters_of_page,
        display=_display_page,
    )


def _parameters_of_page(reading: Reading) -> Mapping[str, Any]:
    asked: CouponQuery = reading.options
    return {**asked.values, "coupon_limit": asked.limit, "coupon_offset": asked.offset}


def _display_page(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    count, rows = values
    return {PAGE: CouponPage([_read(row, reading) for row in (orjson.loads(rows) if rows else ())], count)}


def _read(row: Sequence[Any], reading: Reading) -> CouponRow:
    pk, series_id, version_id, code, issued_at, valid_till, uses, most_uses, number, till_id, *redemptions = row
    names = reading.part(load_names)
    return CouponRow(
        pk=pk,
        series_id=series_id,
        terms=reading.part(load_series).terms[version_id],
        code=code,
        issued_at=datetime.fromisoformat(issued_at),
        valid_till=datetime.fromisoformat(valid_till),
        uses=uses,
        most_uses=most_uses,
        transaction_number=number,
        till=names.till(till_id),
        redemptions=[
            UseRow(use_id, datetime.fromisoformat(at), bill, names.till(at_till))
            for use_id, at, bill, at_till in (redemptions[0] if redemptions else None) or ()
        ],
    )


_USE: Final = """json_build_array(
        redemption.id, redemption.code, redemption.series_id, redemption.version_id, redemption.transaction_number,
        redemption.redeemed_at, redemption.till_id{more}
    )"""


@lru_cache(maxsize=256)
def coupon_redemptions(order: str, conditions: tuple[str, ...]) -> Section:
    """A page of redemptions of coupons: a `CouponUsePage` as `USES`. Its parameters are those of the read that asks for it."""
    return Section(
        columns=("coupon_uses.length", "coupon_uses.rows"),
        joins=f"""LEFT JOIN LATERAL (
    SELECT max(redemption.length) AS length, json_agg({_USE.format(more="")} ORDER BY {order})::text AS rows
    FROM (
        SELECT redemption.*, coupon.code, coupon.series_id, coupon.version_id, count(*) OVER () AS length
        FROM engagement_coupon AS coupon
        JOIN engagement_couponredemption AS redemption ON redemption.organization_id = %(organization)s
            AND redemption.coupon_id = coupon.id
        LEFT JOIN organizations_store AS store ON store.organization_id = %(organization)s AND store.id = redemption.store_id
        LEFT JOIN organizations_till AS till ON till.organization_id = %(organization)s AND till.id = redemption.till_id
        WHERE coupon.organization_id = %(organization)s AND coupon.customer_id = customer.id
            {"".join(f" AND {condition}" for condition in conditions)}
        ORDER BY {order}
        LIMIT %(coupon_limit)s
    ) AS redemption
) AS coupon_uses ON true""",  # noqa: S608 - made of constants
        display=_display_uses,
    )


def _display_uses(values: Values, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    length, rows = values
    return {USES: CouponUsePage([_read_use(row, reading) for row in (orjson.loads(rows) if rows else ())], length or 0)}


def _read_use(row: Sequence[Any], reading: Reading) -> CouponUseRow:
    pk, code, series_id, version_id, number, redeemed_at, till_id = row
    return CouponUseRow(
        pk=pk,
        code=code,
        series_id=series_id,
        terms=reading.part(load_series).terms[version_id],
        transaction_number=number,
        redeemed_at=datetime.fromisoformat(redeemed_at),
        till=reading.part(load_names).till(till_id),
    )


@lru_cache(maxsize=256)  # a section for each page's, as it refers to the page's bills
def coupons_of_bills(page: Section) -> Section:
    """Coupons that were redeemed with the bills of a page (its join `bills` has their `ids`), by bill as `OF_BILLS`."""
    return Section(
        columns=("bill_coupons.rows",),
        after=page,
        joins=f"""LEFT JOIN LATERAL (
    SELECT json_agg({_USE.format(more=", redemption.bill_id")} ORDER BY redemption.id)::text AS rows
    FROM (
        SELECT redemption.*, coupon.code, coupon.series_id, coupon.version_id
        FROM engagement_couponredemption AS redemption
        JOIN engagement_coupon AS coupon ON coupon.organization_id = %(organization)s AND coupon.id = redemption.coupon_id
        WHERE redemption.organization_id = %(organization)s AND redemption.bill_id = ANY(bills.ids) AND NOT EXISTS (
            SELECT FROM engagement_couponreversal AS reversal
            WHERE reversal.organization_id = %(organization)s AND reversal.redemption_id = redemption.id
        )
    ) AS redemption
) AS bill_coupons ON true""",  # noqa: S608 - made of constants
        display=_display_of_bills,
        failure=Code.POINTS_UNAVAILABLE,
    )


def _display_of_bills(values: Values | None, _customer: CustomerRow, reading: Reading) -> dict[str, Any]:
    of_bills: dict[int, list[dict[str, Any]]] = {}
    for *use, bill_id in orjson.loads(values[0]) if values and values[0] else ():
        of_bills.setdefault(bill_id, []).append(redeemed_coupon(_read_use(use, reading)))
    return {OF_BILLS: of_bills}
