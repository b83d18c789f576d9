"""The kinds of webhook events, composed of what each app announces."""

from collections.abc import Mapping
from typing import Final

import customers.webhook_events
import engagement.webhook_events
import referrals.webhook_events
import tickets.webhook_events
from webhooks.events.kinds import EventKind

# By name, in the order in which the back office lists them. An app hands its own up here.
EVENT_KINDS: Final[Mapping[str, EventKind]] = {
    kind.name: kind for app in (customers, engagement, referrals, tickets) for kind in app.webhook_events.EVENTS
}
