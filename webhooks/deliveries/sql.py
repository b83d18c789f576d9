"""Statements of deliveries."""

from typing import Final

# Takes due deliveries, oldest first, and sets their next attempt ahead. What another worker takes at this moment is skipped.
CLAIM: Final = """
WITH due AS MATERIALIZED (
    SELECT id FROM webhooks_delivery
    WHERE organization_id = %(organization)s AND endpoint_id = %(endpoint)s AND state = 'PENDING'
        AND next_at <= %(now)s AND expires_at > %(now)s
    ORDER BY next_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE webhooks_delivery AS delivery SET attempts = delivery.attempts + 1, next_at = %(until)s
FROM due, webhooks_event AS event
WHERE delivery.id = due.id AND delivery.organization_id = %(organization)s AND event.id = delivery.event_id
RETURNING delivery.id, delivery.attempts, delivery.expires_at,
    event.uid, event.kind, event.version, event.customer_id, event.occurred_at, event.facts
"""
# An attempt that was overtaken, by a replay or by a worker that took the delivery after the lease, changes nothing any more.
SETTLE: Final = """
UPDATE webhooks_delivery AS delivery
SET state = given.state, next_at = given.next_at, status = given.status, error = given.error,
    finished_at = CASE WHEN given.state = 'PENDING' THEN NULL ELSE %(now)s::timestamptz END
FROM unnest(
    %(ids)s::bigint[], %(attempts)s::integer[], %(states)s::text[], %(moments)s::timestamptz[], %(statuses)s::smallint[],
    %(errors)s::text[]
) AS given (id, attempts, state, next_at, status, error)
WHERE delivery.organization_id = %(organization)s AND delivery.id = given.id
    AND delivery.attempts = given.attempts AND delivery.state = 'PENDING'
"""
SUCCEEDED: Final = """
INSERT INTO webhooks_endpointhealth (organization_id, endpoint_id, failures, succeeded_at)
VALUES (%(organization)s, %(endpoint)s, 0, %(now)s)
ON CONFLICT (endpoint_id) DO UPDATE SET failures = 0, failing_since = NULL, rests_until = NULL, succeeded_at = %(now)s
"""
FAILED: Final = """
INSERT INTO webhooks_endpointhealth AS health (organization_id, endpoint_id, failures, failing_since, rests_until)
VALUES (%(organization)s, %(endpoint)s, 1, %(now)s, %(until)s)
ON CONFLICT (endpoint_id) DO UPDATE
SET failures = health.failures + 1, failing_since = coalesce(health.failing_since, %(now)s), rests_until = %(until)s
RETURNING failing_since
"""
# Across all organizations, for workers alone: endpoints that may be served now and have something due.
DUE_ENDPOINTS: Final = """
SELECT endpoint.id, organization.code FROM webhooks_endpoint AS endpoint
JOIN organizations_organization AS organization ON organization.id = endpoint.organization_id
LEFT JOIN webhooks_endpointhealth AS health ON health.endpoint_id = endpoint.id
WHERE endpoint.is_active AND endpoint.paused_at IS NULL AND (health.rests_until IS NULL OR health.rests_until <= %(now)s)
    AND EXISTS (
        SELECT FROM webhooks_delivery AS delivery
        WHERE delivery.organization_id = endpoint.organization_id AND delivery.endpoint_id = endpoint.id
            AND delivery.state = 'PENDING' AND delivery.next_at <= %(now)s AND delivery.expires_at > %(now)s
    )
ORDER BY endpoint.id
"""
EXPIRE: Final = """
UPDATE webhooks_delivery SET state = 'FAILED', finished_at = %(now)s,
    error = CASE WHEN attempts = 0 THEN 'not tried' ELSE error END
WHERE id IN (
    SELECT id FROM webhooks_delivery WHERE state = 'PENDING' AND expires_at <= %(now)s ORDER BY expires_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
"""
# The oldest events whose deliveries are all over, with deliveries and attempts.
PRUNE: Final = """
WITH old AS MATERIALIZED (
    SELECT event.id FROM webhooks_event AS event
    WHERE event.organization_id = %(organization)s AND event.recorded_at < %(before)s AND NOT EXISTS (
        SELECT FROM webhooks_delivery AS delivery
        WHERE delivery.organization_id = event.organization_id AND delivery.event_id = event.id AND delivery.state = 'PENDING'
    )
    ORDER BY event.recorded_at LIMIT %(limit)s
), attempts AS (
    DELETE FROM webhooks_attempt AS attempt USING webhooks_delivery AS delivery, old
    WHERE attempt.organization_id = %(organization)s AND attempt.delivery_id = delivery.id
        AND delivery.organization_id = %(organization)s AND delivery.event_id = old.id
), deliveries AS (
    DELETE FROM webhooks_delivery AS delivery USING old
    WHERE delivery.organization_id = %(organization)s AND delivery.event_id = old.id
)
DELETE FROM webhooks_event AS event USING old WHERE event.organization_id = %(organization)s AND event.id = old.id
"""
