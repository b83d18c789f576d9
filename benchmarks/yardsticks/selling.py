"""Yardstick of transaction/add and points/redeem: a bare WSGI application with the fewest statements known.

It writes the rows of the product for the calls of `benchmarks.tills` alone: a sale of a known customer by mobile who is in the
only program, and a redemption of one point. Each is one transaction of two statements: the customer's account is locked and
read with what belongs to it, and everything is written at once. A rule gives 5 points per 100. The answer is a short one.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from string import ascii_letters, digits
from typing import Any, Final
from zoneinfo import ZoneInfo

import psycopg

from benchmarks.yardsticks.calling import CONFIGURATION, authenticate, thread_cursor

ALPHABET: Final = ascii_letters + digits
ZONE: Final = ZoneInfo(CONFIGURATION["zone"])
# The locks of the account and of the totals keep two calls of a customer apart; `bill_identity_unique` two equal bills.
BUYER: Final = """
SELECT customer.id AS customer, account.id AS account, account.version, account.balance, account.lifetime,
    purchases.id AS totals
FROM customers_identifier AS asked
JOIN customers_customer AS customer ON customer.organization_id = %(organization)s AND customer.id = asked.customer_id
JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s AND account.customer_id = customer.id
    AND account.program_id = %(program)s AND account.moved_to_id IS NULL
JOIN engagement_purchasetotals AS purchases ON purchases.customer_id = customer.id
WHERE asked.organization_id = %(organization)s AND asked.kind = 'mobile' AND asked.value = %(mobile)s AND asked.exclusive
    AND asked.state <> 'FORMER' AND customer.merged_into_id IS NULL
FOR UPDATE OF account, purchases
"""
SELL: Final = """
WITH bill AS (
    INSERT INTO engagement_bill (
        organization_id, customer_id, type, number, scope, billed_on, billed_at, recorded_at, till_id, store_id, amount,
        gross_amount, discount, returned_amount, is_returned, return_type, sale_returned, returned_number, outlier_status,
        delivery_status, notes, source, currency, currency_ratio, field_values, details, content, recorded_by
    ) VALUES (
        %(organization)s, %(customer)s, 'REGULAR', %(number)s, %(scope)s, %(day)s, %(now)s, %(now)s, %(till)s, %(store)s,
        %(amount)s, %(amount)s, 0, 0, false, '', 0, '', 'NORMAL', 'DELIVERED', '', 'INSTORE', 'INR', 1, '{}', '{}', '', 'bench'
    ) RETURNING id
), line AS (
    INSERT INTO engagement_billline (
        organization_id, bill_id, position, serial, item_code, description, quantity, rate, value, discount, amount,
        returned_quantity, returned_amount, details
    )
    SELECT %(organization)s, bill.id, given.position, '', given.item, '', given.quantity, given.rate, given.amount, 0,
        given.amount, 0, 0, '{}'
    FROM bill, unnest(%(items)s::text[], %(quantities)s::numeric[], %(rates)s::numeric[], %(amounts)s::numeric[])
        WITH ORDINALITY AS given (item, quantity, rate, amount, position)
), totals AS (
    UPDATE engagement_purchasetotals
    SET amount = amount + %(amount)s, bills = bills + 1, last_billed_at = %(now)s, last_amount = %(amount)s
    WHERE id = %(totals)s
), account AS (
    UPDATE engagement_pointsaccount
    SET balance = balance + %(points)s, lifetime = lifetime + %(points)s, purchases = purchases + %(amount)s,
        visits = visits + 1, version = version + 1, last_active_on = %(day)s, due_at = coalesce(due_at, %(ends)s::date + 1)
    WHERE id = %(account)s
), entry AS (
    INSERT INTO engagement_pointsentry (
        organization_id, account_id, version, kind, points, promised, balance_after, occurred_at, recorded_at, reference,
        program_version_id, bill_id, till_id, store_id, note, made_by, explanation
    )
    SELECT %(organization)s, %(account)s, %(version)s, 'AWARD', %(points)s, 0, %(balance)s, %(now)s, %(now)s, '', %(rules)s,
        bill.id, %(till)s, %(store)s, '', 'bench', %(explanation)s
    FROM bill RETURNING id
), lot AS (
    INSERT INTO engagement_pointslot (
        organization_id, account_id, entry_id, bill_id, kind, points, "left", expired, returned, moved, awarded_at, is_open,
        expires_on, moves
    )
    SELECT %(organization)s, %(account)s, entry.id, bill.id, 'regular', %(points)s, %(points)s, 0, 0, 0, %(now)s, true,
        %(ends)s, ''
    FROM entry, bill
), share AS (
    INSERT INTO engagement_billpoints (organization_id, bill_id, account_id, issued, of_lines, claimed, taken, claimed_spent)
    SELECT %(organization)s, bill.id, %(account)s, %(points)s, '[]', 0, 0, 0 FROM bill
), answer AS (
    INSERT INTO engagement_billanswer (organization_id, bill_id, content)
    SELECT %(organization)s, bill.id, %(answer)s FROM bill
)
SELECT id FROM bill
"""
OWNER: Final = """
SELECT account.id AS account, account.version, account.balance, lot.id AS lot
FROM customers_identifier AS asked
JOIN customers_customer AS customer ON customer.organization_id = %(organization)s AND customer.id = asked.customer_id
JOIN engagement_pointsaccount AS account ON account.organization_id = %(organization)s AND account.customer_id = customer.id
    AND account.program_id = %(program)s AND account.moved_to_id IS NULL
JOIN engagement_pointslot AS lot ON lot.organization_id = %(organization)s AND lot.account_id = account.id AND lot."left" > 0
WHERE asked.organization_id = %(organization)s AND asked.kind = 'mobile' AND asked.value = %(mobile)s AND asked.exclusive
    AND asked.state <> 'FORMER' AND customer.merged_into_id IS NULL
ORDER BY lot.id LIMIT 1 FOR UPDATE OF account
"""
SPEND: Final = """
WITH entry AS (
    INSERT INTO engagement_pointsentry (
        organization_id, account_id, version, kind, points, promised, balance_after, occurred_at, recorded_at, reference,
        program_version_id, till_id, store_id, note, made_by, explanation
    ) VALUES (
        %(organization)s, %(account)s, %(version)s, 'REDEEM', -%(points)s::numeric, 0, %(balance)s, %(now)s, %(now)s,
        %(reference)s, %(rules)s, %(till)s, %(store)s, '', 'bench', %(explanation)s
    ) RETURNING id
), consumption AS (
    INSERT INTO engagement_pointsconsumption (organization_id, entry_id, lot_id, points)
    SELECT %(organization)s, id, %(lot)s, %(points)s FROM entry
), lot AS (
    UPDATE engagement_pointslot SET "left" = "left" - %(points)s WHERE id = %(lot)s
), account AS (
    UPDATE engagement_pointsaccount
    SET balance = balance - %(points)s, redeemed = redeemed + %(points)s, version = version + 1 WHERE id = %(account)s
)
INSERT INTO engagement_redemption (
    organization_id, account_id, entry_id, code, points, reversed, purpose, transaction_number, validation_code, custom_fields
)
SELECT %(organization)s, %(account)s, id, %(code)s, %(points)s, 0, '', %(number)s, '', '[]' FROM entry
"""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer the call."""
    if environ["PATH_INFO"] == "/healthz":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    cursor = thread_cursor()
    organization = authenticate(cursor, environ["HTTP_AUTHORIZATION"])
    content = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    given = {
        "organization": organization,
        "now": datetime.now(UTC),
        **{name: CONFIGURATION[name] for name in ("program", "rules", "till", "store")},
    }
    with cursor.connection.transaction():
        if "transaction" in content:
            body = _sell(cursor, given, content["transaction"][0])
        else:
            body = _redeem(cursor, given, content["root"]["redeem"])
    answer = json.dumps({**body, "success": "true"}, separators=(",", ":")).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]


def _sell(cursor: psycopg.Cursor[Any], given: Mapping[str, Any], bill: Mapping[str, Any]) -> dict[str, Any]:
    lines, amount = bill["line_items"]["line_item"], int(bill["amount"])
    buyer = _locked(cursor, BUYER, {**given, "mobile": bill["customer"]["mobile"]})
    points, day = amount // 100 * 5, given["now"].astimezone(ZONE).date()
    balance = buyer["balance"] + points
    values = {
        **given,
        **buyer,
        "number": bill["number"],
        "scope": f"till:{given['till']}",
        "day": day,
        "ends": date(day.year + 3, day.month, min(day.day, 28)),
        "amount": amount,
        "items": [line["item_code"] for line in lines],
        "quantities": [line["qty"] for line in lines],
        "rates": [line["rate"] for line in lines],
        "amounts": [line["amount"] for line in lines],
        "points": points,
        "version": buyer["version"] + 1,
        "balance": balance,
        "explanation": json.dumps({"rule": "base", "amount": amount, "per": 100, "points": 5, "good_until": str(day)}),
        "answer": json.dumps({"figures": {"lifetime_points": str(buyer["lifetime"] + points), "loyalty_points": str(balance)}}),
    }
    ((bill_id,),) = cursor.execute(SELL, values).fetchall()
    return {"id": bill_id, "number": bill["number"], "awarded_points": points, "loyalty_points": str(balance)}


def _redeem(cursor: psycopg.Cursor[Any], given: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    owner = _locked(cursor, OWNER, {**given, "mobile": asked["customer"]["mobile"]})
    points, code = int(asked["points_redeemed"]), "".join(secrets.choice(ALPHABET) for _ in range(6))
    balance = owner["balance"] - points
    values = {
        **given,
        **owner,
        "points": points,
        "version": owner["version"] + 1,
        "balance": balance,
        "reference": asked["external_reference_number"],
        "number": asked["transaction_number"],
        "code": code,
        "explanation": json.dumps({"because": "redemption", "value": str(points / 2), "bill": None, "bill_is_foreign": False}),
    }
    cursor.execute(SPEND, values)
    return {"redemption_id": code, "points_redeemed": points, "balance": str(balance)}


def _locked(cursor: psycopg.Cursor[Any], statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the only row."""
    (row,) = cursor.execute(statement, values).fetchall()
    return {column.name: value for column, value in zip(cursor.description or (), row, strict=True)}
