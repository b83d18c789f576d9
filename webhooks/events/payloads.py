"""The body of an event, as endpoints get it (docs/webhooks.md, "Bodies")."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

import orjson

from loyalty_project.encryption import unseal

# Key of encrypted texts among the facts of an event, by their names. They are opened when the event is sent, and nowhere else.
SEALED: Final = "sealed"
_HIDDEN: Final = "•••"
_KEYS: Final = UUID("6f0a2c54-6f3a-4b8e-9d58-0f6a9a3a7c11")


def uid_of(key: str) -> UUID:
    """The id of the event with this key."""
    return uuid5(_KEYS, key)


def opened(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as they are sent: encrypted texts opened, "" for those of another `SECRET_KEY`."""
    return {**_plain(facts), **{name: unseal(text) or "" for name, text in facts.get(SEALED, {}).items()}}


def hidden(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as staff see them: without what encrypted texts say."""
    return {**_plain(facts), **dict.fromkeys(facts.get(SEALED, {}), _HIDDEN)}


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != SEALED}


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
