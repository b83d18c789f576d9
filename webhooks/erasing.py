"""Emptying events: of customers who are erased, and of what is no longer of use."""

from collections.abc import Collection
from typing import Final

from loyalty_project import clock
from organizations.tenancy.statements import fetch_written_rows
from webhooks.events.payloads import uid_of


def _emptying(events: str, *, error: str) -> str:
    """The statement that empties the events of a condition and gives up what was not delivered; it returns how many events."""
    return f"""
WITH event AS (
    UPDATE webhooks_event SET facts = '{{}}'::jsonb
    WHERE organization_id = %(organization)s AND {events} AND facts <> '{{}}'::jsonb
    RETURNING id
), delivery AS (
    UPDATE webhooks_delivery AS delivery SET state = 'FAILED', finished_at = %(now)s, error = '{error}'
    FROM event WHERE delivery.organization_id = %(organization)s AND delivery.event_id = event.id
        AND delivery.state = 'PENDING'
)
SELECT count(*) FROM event
"""  # noqa: S608 - made of constants


_FORGET: Final = _emptying("customer_id = ANY(%(customers)s::bigint[])", error="erased")
_WITHDRAW: Final = _emptying("uid = ANY(%(uids)s::uuid[])", error="withdrawn")


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
