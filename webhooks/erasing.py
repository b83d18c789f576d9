"""Emptying events: of customers who are erased, and of what is no longer of use."""

from collections.abc import Collection
from typing import Final

from loyalty_project import clock
from organizations.tenancy.statements import fetch_written_rows
from webhooks.events.payloads import uid_of

_FORGET: Final = """
WITH event AS (
    UPDATE webhooks_event SET facts = '{}'::jsonb
    WHERE organization_id = %(organization)s AND customer_id = ANY(%(customers)s::bigint[]) AND facts <> '{}'::jsonb
    RETURNING id
), delivery AS (
    UPDATE webhooks_delivery AS delivery SET state = 'FAILED', finished_at = %(now)s, error = 'erased'
    FROM event WHERE delivery.organization_id = %(organization)s AND delivery.event_id = event.id
        AND delivery.state = 'PENDING'
)
SELECT count(*) FROM event
"""
_WITHDRAW: Final = """
WITH event AS (
    UPDATE webhooks_event SET facts = '{}'::jsonb
    WHERE organization_id = %(organization)s AND uid = ANY(%(uids)s::uuid[]) AND facts <> '{}'::jsonb
    RETURNING id
), delivery AS (
    UPDATE webhooks_delivery AS delivery SET state = 'FAILED', finished_at = %(now)s, error = 'withdrawn'
    FROM event WHERE delivery.organization_id = %(organization)s AND delivery.event_id = event.id
        AND delivery.state = 'PENDING'
)
SELECT count(*) FROM event
"""


def forget_customers(customers: Collection[int]) -> int:
    """Empty the events of these customers (ids) and give up what was not delivered; return how many events.

    One statement. Call it in the transaction of the erasure, before that is announced. What a worker is sending at this moment
    is not called back.
    """
    ((count,),) = fetch_written_rows(_FORGET, {"customers": list(customers), "now": clock.now()})
    return int(count)


def withdraw_events(keys: Collection[str]) -> int:
    """Empty the events with these keys and give up what was not delivered; return how many events. One statement."""
    ((count,),) = fetch_written_rows(_WITHDRAW, {"uids": [uid_of(key) for key in keys], "now": clock.now()})
    return int(count)
