"""Yardstick of postings: the rows of a spending by hand, two prepared statements in one transaction."""

import time
from collections.abc import Sequence
from random import Random
from typing import Any, Final

import psycopg

_WARM_UP: Final = 20
_LOCK: Final = """
SELECT account.id, balance, version, lot.id
FROM engagement_pointsaccount AS account JOIN engagement_pointslot AS lot ON lot.account_id = account.id AND lot.left > 0
WHERE account.organization_id = %s AND account.id = %s ORDER BY lot.id LIMIT 1 FOR UPDATE OF account
"""
_WRITE: Final = """
WITH entry AS (
    INSERT INTO engagement_pointsentry (
        organization_id, account_id, version, kind, points, promised, balance_after, occurred_at, recorded_at, reference, note,
        made_by, explanation
    ) VALUES (%(organization)s, %(account)s, %(version)s, 'REDEEM', -1, 0, %(balance)s, now(), now(), '', '', 'bench', '{}')
    RETURNING id
), consumption AS (
    INSERT INTO engagement_pointsconsumption (organization_id, entry_id, lot_id, points)
    SELECT %(organization)s, id, %(lot)s, 1 FROM entry
), lot AS (
    UPDATE engagement_pointslot SET "left" = "left" - 1 WHERE id = %(lot)s
)
UPDATE engagement_pointsaccount SET balance = %(balance)s, redeemed = redeemed + 1, version = %(version)s
WHERE id = %(account)s
"""


def spendings_a_second(
    database: str, *, organization: int, accounts: Sequence[int], seconds: float, warm_up: int = _WARM_UP
) -> float:
    """Spendings of one point a second, each from a random account, after `warm_up` ones that are not counted."""
    chance = Random(0)
    with psycopg.connect(database, autocommit=True, prepare_threshold=0) as connection:
        for _ in range(warm_up):
            _spend(connection, organization, chance.choice(accounts))
        done, begun = 0, time.perf_counter()
        while (passed := time.perf_counter() - begun) < seconds:
            _spend(connection, organization, chance.choice(accounts))
            done += 1
        return done / passed if passed else 0.0


def _spend(connection: psycopg.Connection[Any], organization: int, account: int) -> None:
    with connection.transaction():
        _, balance, version, lot = connection.execute(_LOCK, [organization, account]).fetchall()[0]
        given = {"organization": organization, "account": account, "lot": lot, "balance": balance - 1, "version": version + 1}
        connection.execute(_WRITE, given)
