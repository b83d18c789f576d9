"""Yardstick of customer/get: a bare WSGI application with the two best statements known, written for this answer alone.

It answers `customer/get?mobile=...&mlp=true` with the bytes of the product. It knows customers with one membership, and without
groups, status labels and points that are due; for others it fails. As the product does, it counts the calls of a minute.
`BENCHMARK_CONFIGURATION` has the configuration and the headers of an answer (`benchmarks.gets`).
"""

import json
import time
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring as quoted
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

import psycopg

from benchmarks.yardsticks.calling import CONFIGURATION, authenticate, thread_cursor

PROGRAM: Final = CONFIGURATION["program"]
TIERS: Final = {str(tier["id"]): tier for tier in PROGRAM["tiers"]}
PLACES: Final = {kind: {str(pk): location for pk, location in CONFIGURATION[kind].items()} for kind in ("tills", "stores")}
FIELDS: Final = {
    category: [(str(pk), quoted(name)) for pk, name in CONFIGURATION[category]] for category in ("custom", "extended")
}
HEADERS: Final = list(CONFIGURATION["headers"].items())
LIMIT: Final = CONFIGURATION["limit"]
NO_PLACE: Final = {"code": "", "name": ""}

# One text is read faster than its parts. Moments are printed in the session's zone.
READ: Final = """
SELECT concat_ws(E'\\x1f', customer.firstname, customer.lastname, customer.type, customer.source, customer.registered_on,
        customer.updated_on, coalesce(customer.registered_till_id, 0), coalesce(customer.registered_store_id, 0),
        customer.fraud_status, customer.fraud_marked_by, coalesce(customer.fraud_marked_on::text, ''), customer.fraud_reason,
        coalesce(customer.status_label_id, 0), customer.field_values, coalesce(membership.tier_id, 0),
        coalesce(membership.tier_expires_on::text, ''), account.lifetime, account.balance, account.redeemed, account.expired,
        account.returned, account.adjusted, account.purchases, account.promised, account.promised_returned,
        coalesce(account.due_at <= now(), false), round(coalesce(purchases.amount, 0))),
    ARRAY(
        SELECT kind || ' ' || value FROM customers_identifier
        WHERE customer_id = customer.id AND state = 'CURRENT' ORDER BY id
    ),
    ARRAY(
        SELECT concat_ws('|', id, type, billed_at, coalesce(store_id, 0), number) FROM engagement_bill
        WHERE organization_id = %(organization)s AND customer_id = customer.id ORDER BY billed_at DESC, id DESC LIMIT 10
    ),
    ARRAY(SELECT source || ' ' || account FROM customers_sourceprofile WHERE customer_id = customer.id ORDER BY id),
    (
        SELECT 1 FROM customers_groupmembership
        WHERE organization_id = %(organization)s AND customer_id = customer.id LIMIT 1
    )
FROM customers_identifier AS asked
    JOIN customers_customer AS customer ON customer.id = asked.customer_id
    JOIN engagement_membership AS membership
        ON membership.organization_id = %(organization)s AND membership.customer_id = customer.id
    JOIN engagement_pointsaccount AS account
        ON account.organization_id = %(organization)s AND account.customer_id = customer.id
        AND account.program_id = membership.program_id AND account.moved_to_id IS NULL
    LEFT JOIN engagement_purchasetotals AS purchases ON purchases.customer_id = customer.id
WHERE asked.organization_id = %(organization)s AND asked.kind = 'mobile' AND asked.value = %(mobile)s AND asked.exclusive
    AND asked.state <> 'FORMER'
"""
_minute = [0, 0]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer the call."""
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    cursor = thread_cursor()
    organization = authenticate(cursor, environ["HTTP_AUTHORIZATION"])
    now = int(time.time())
    if _minute[0] != now // 60:
        _minute[:] = [now // 60, 0]
    _minute[1] += 1
    query = dict(parse_qsl(environ["QUERY_STRING"]))
    if not query["mobile"].isdigit() or query["mlp"] != "true":
        raise ValueError(query)
    body = _read(cursor, organization, query["mobile"]).encode()
    headers = [
        *HEADERS,
        ("Content-Length", str(len(body))),
        ("X-RateLimit-Remaining", str(LIMIT - _minute[1])),
        ("X-RateLimit-Reset", str(now // 60 * 60 + 60)),
        ("X-Cap-Requestid", str(uuid4())),
    ]
    start_response("200 OK", headers)
    return [body]


def _read(cursor: psycopg.Cursor[Any], organization: int, mobile: str) -> str:
    """The answer's body."""
    row = cursor.execute(READ, {"organization": organization, "mobile": mobile}).fetchall()
    text, identifiers, bills, profiles, in_group = row[0]
    (
        firstname, lastname, kind, source, registered_on, updated_on, till, store, fraud_status, marked_by, marked_on, reason,
        label, values, tier_id, tier_expires, lifetime, balance, redeemed, expired, returned, adjusted, purchases, promised,
        promised_returned, is_due, amount,
    ) = text.split("\x1f")  # fmt: skip
    if is_due == "t" or label != "0" or in_group:
        raise ValueError(mobile)
    own = dict(identifier.split(" ", 1) for identifier in identifiers)
    printed = [
        f'{{"type":"{name.lower()}","value":{quoted(value)}}}'
        for name, value in (identifier.split(" ", 1) for identifier in (*identifiers, *profiles))
    ]
    by_id = json.loads(values)
    by, at = PLACES["tills"].get(till, NO_PLACE), PLACES["stores"].get(store, NO_PLACE)
    tier, following = TIERS[tier_id], TIERS[tier_id]["next"]
    points = "0" if balance.startswith("-") else _plain(balance)
    ends = tier_expires or f"{int(registered_on[:4]) + 100}{registered_on[4:10]}"
    return (
        '{"response":{"status":{"success":"true","code":200,"message":"Success","total":"1","success_count":"1"},'
        f'"customers":{{"customer":[{{"firstname":{quoted(firstname)},"lastname":{quoted(lastname)},'
        f'"mobile":{_or_null(own, "mobile")},"email":{_or_null(own, "email")},'
        f'"external_id":{_or_null(own, "external_id")},"lifetime_points":{_plain(lifetime)},'
        f'"lifetime_purchases":{amount},"loyalty_points":{points},"current_slab":{tier["name"]},'
        f'"registered_on":"{registered_on[:19]}","updated_on":"{updated_on[:19]}","type":"{kind}",'
        f'"source":"{source.lower()}","identifiers":[{",".join(printed)}],"gender":null,"registered_by":{quoted(by["code"])},'
        f'"registered_store":{{"code":{quoted(at["code"])},"name":{quoted(at["name"])}}},'
        f'"registered_till":{{"code":{quoted(by["code"])},"name":{quoted(by["name"])}}},"user_groups2":[],'
        f'"fraud_details":{{"status":"{fraud_status}","marked_by":{quoted(marked_by)},"modified_on":"{marked_on[:19]}",'
        f'"reason":{quoted(reason)}}},"trackers":"","group_points_summaries":{{"group_points_summary":[]}},'
        f'"current_nps_status":null,"custom_fields":{{"field":[{_fields("custom", by_id)}]}},'
        f'"extended_fields":{{"field":[{_fields("extended", by_id)}]}},'
        f'"transactions":{{"transaction":[{",".join(map(_bill, bills))}]}},"coupons":{{"coupon":[]}},"notes":[],'
        f'"points_summaries":{{"points_summary":[{{"programId":"{PROGRAM["id"]}","redeemed":"{_plain(redeemed)}",'
        f'"expired":"{_plain(expired)}","returned":"{_plain(returned)}","adjusted":"{_plain(adjusted)}",'
        f'"lifetimePoints":"{_plain(lifetime)}","loyaltyPoints":"{points}","cumulativePurchases":"{_plain(purchases)}",'
        f'"currentSlab":{tier["name"]},"nextSlab":{following["name"]},"nextSlabSerialNumber":"{following["position"]}",'
        f'"nextSlabDescription":{following["description"]},"slabSNo":"{tier["position"]}","slabExpiryDate":"{ends} 23:59:59",'
        f'"totalPoints":"","currentSlabDescription":{tier["description"]},"delayed_points":"{_plain(promised)}",'
        f'"delayed_returned_points":"{_plain(promised_returned)}","total_available_points":"{points}",'
        f'"total_returned_points":"{_plain(returned)}","program_title":{PROGRAM["title"]},'
        f'"program_description":{PROGRAM["description"]},"program_points_to_currency_ratio":"{PROGRAM["ratio"]}",'
        '"linked_partner_programs":{"linked_partner_program":[]},"gap_to_upgrade":{"upgrade_strategy":[]},'
        '"gap_to_renew":{}}]},"item_status":{"success":"true","code":"1000",'
        '"message":"Customer successfully retrieved","warnings":{"warning":[]}}}]}}}'
    )


def _or_null(own: dict[str, str], kind: str) -> str:
    return quoted(own[kind]) if kind in own else "null"


def _plain(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number


def _fields(category: str, by_id: dict[str, str]) -> str:
    return ",".join(f'{{"name":{name},"value":{quoted(by_id[pk])}}}' for pk, name in FIELDS[category] if pk in by_id)


def _bill(bill: str) -> str:
    pk, kind, billed_at, store, number = bill.split("|", 4)
    name = PLACES["stores"].get(store, NO_PLACE)["name"]
    return f'{{"id":"{pk}","number":{quoted(number)},"type":"{kind}","created_date":"{billed_at[:19]}","store":{quoted(name)}}}'
