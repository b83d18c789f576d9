"""The body of an event, as endpoints get it (docs/webhooks.md, "Bodies")."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson


def event_body(
    *,
    uid: UUID,
    kind: str,
    version: int,
    customer_id: int | None,
    occurred_at: datetime,
    organization: str,
    facts: Mapping[str, Any],
) -> bytes:
    """The body: JSON in UTF-8, the same bytes at every attempt. `organization` is its code."""
    return orjson.dumps(
        {
            "id": str(uid),
            "type": kind,
            "version": version,
            "occurred_at": write_utc(occurred_at),
            "organization": organization,
            "user_id": customer_id,
            "data": facts,
        }
    )


def write_utc(moment: datetime) -> str:
    """A moment in UTC to the second, as `2026-03-01T12:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
