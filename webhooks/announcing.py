"""Announcing events: what an app calls in the transaction of what has happened (docs/webhooks.md).

The organization's row says which kinds of events its endpoints listen to (`announced_events`, kept by the database). So a
caller asks before it gathers facts, and an organization without endpoints costs no statement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import orjson

from loyalty_project import clock
from organizations.tenancy.statements import fetch_written_rows
from webhooks.deliveries.rules import KEPT_FOR
from webhooks.deliveries.services import defer_deliveries
from webhooks.events.kinds import EventKind
from webhooks.events.payloads import uid_of

# Endpoints are those of this moment. An event that was announced before, by its key, brings nothing. Answers with the endpoints
# that may be served now.
_ANNOUNCE: Final = """
WITH given AS (
    SELECT * FROM unnest(
        %(uids)s::uuid[], %(kinds)s::text[], %(versions)s::smallint[], %(customers)s::bigint[], %(moments)s::timestamptz[],
        %(facts)s::text[]
    ) WITH ORDINALITY AS given (uid, kind, version, customer_id, occurred_at, facts, position)
), listening AS MATERIALIZED (
    SELECT id, events, paused_at FROM webhooks_endpoint WHERE organization_id = %(organization)s AND is_active
), event AS (
    INSERT INTO webhooks_event (organization_id, uid, kind, version, customer_id, occurred_at, recorded_at, facts)
    SELECT %(organization)s, uid, kind, version, customer_id, occurred_at, %(now)s, facts::jsonb FROM given
    WHERE EXISTS (SELECT FROM listening WHERE given.kind = ANY(listening.events))
    ORDER BY position
    ON CONFLICT (organization_id, uid) DO NOTHING
    RETURNING id, kind
), delivery AS (
    INSERT INTO webhooks_delivery (organization_id, event_id, endpoint_id, state, attempts, next_at, expires_at, error)
    SELECT %(organization)s, event.id, listening.id, 'PENDING', 0, %(now)s, %(expires)s, ''
    FROM event JOIN listening ON event.kind = ANY(listening.events)
    ORDER BY event.id
    RETURNING endpoint_id
)
SELECT DISTINCT listening.id, organization.code FROM listening JOIN delivery ON delivery.endpoint_id = listening.id
JOIN organizations_organization AS organization ON organization.id = %(organization)s
LEFT JOIN webhooks_endpointhealth AS health
    ON health.organization_id = %(organization)s AND health.endpoint_id = listening.id
WHERE listening.paused_at IS NULL AND (health.rests_until IS NULL OR health.rests_until <= %(now)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """An event of a customer (`user_id`), with its facts as JSON values.

    An announcement with a `key` is made once, however often it is repeated: the key is unique in the organization for the days
    that the log of deliveries is kept.
    """

    kind: EventKind
    customer_id: int
    occurred_at: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""


def announce(announcements: Sequence[Announcement]) -> None:
    """Write the events of the scope's organization, a delivery for each endpoint that listens, and the jobs that deliver.

    Two statements for any number of events, none for none. Call it in the transaction of what has happened, if the
    organization's `announced_events` have the kind.
    """
    if not announcements:
        return
    now = clock.now()
    endpoints = fetch_written_rows(
        _ANNOUNCE,
        {
            "uids": [uid_of(announced.key) if announced.key else uuid4() for announced in announcements],
            "kinds": [announced.kind.name for announced in announcements],
            "versions": [announced.kind.version for announced in announcements],
            "customers": [announced.customer_id for announced in announcements],
            "moments": [announced.occurred_at for announced in announcements],
            "facts": [orjson.dumps(announced.facts).decode() for announced in announcements],
            "now": now,
            "expires": now + KEPT_FOR,
        },
    )
    if endpoints:
        defer_deliveries([endpoint for endpoint, _ in endpoints], organization=endpoints[0][1])
