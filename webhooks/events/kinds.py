"""Kinds of events: each app declares its own, and `use_cases.webhook_events` composes them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class EventKind:
    """A kind of event: its name on the wire, what it means to staff, and the version of its facts (docs/webhooks.md)."""

    name: str
    meaning: str
    version: int = 1


# What staff send to try an endpoint. No endpoint listens to it.
TEST: Final = EventKind(name="webhook.test", meaning="a test from the back office")
