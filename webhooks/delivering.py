"""Serving an endpoint: round after round of deliveries, sent at the same time, until nothing is due.

Requests wait on the worker's event loop, and the database is asked in threads: an endpoint that does not answer holds back
nothing but its own deliveries.
"""

import asyncio
import time
from typing import Final

import httpcore
from django.conf import settings

from loyalty_project import clock
from loyalty_project.faults import Point, reach
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from webhooks.deliveries.rules import ROUND
from webhooks.deliveries.services import Message, Round, close_round, defer_deliveries, open_round
from webhooks.sending.addresses import Policy
from webhooks.sending.client import Outcome, open_pool, post
from webhooks.sending.signing import signed_headers

# Seconds after which the next round is left to another job, so that every endpoint gets its turn.
TURN: Final = 10.0


def sending_policy() -> Policy:
    """What the installation allows besides public HTTPS addresses."""
    return Policy(allow_http=settings.WEBHOOK_ALLOW_HTTP, allow_private=settings.WEBHOOK_ALLOW_PRIVATE)


async def serve_endpoint(endpoint_id: int, *, organization_code: str) -> None:
    """Deliver what is due at an endpoint. What is left after the turn gets a job of its own."""
    organization = await asyncio.to_thread(Organization.objects.get, code=organization_code)
    ends = time.monotonic() + TURN
    with organization_scope(organization):
        async with open_pool(sending_policy(), connections=ROUND) as pool:
            while (taken := await asyncio.to_thread(open_round, endpoint_id, organization=organization)) is not None:
                reach(Point.WEBHOOK_CLAIMED)
                outcomes = await asyncio.gather(*(_send(pool, message, taken) for message in taken.messages))
                reach(Point.WEBHOOK_SENT)
                await asyncio.to_thread(close_round, taken, outcomes, organization=organization)
                if time.monotonic() > ends:
                    await asyncio.to_thread(defer_deliveries, [endpoint_id], organization=organization.code)
                    return


async def _send(pool: httpcore.AsyncConnectionPool, message: Message, taken: Round) -> Outcome:
    if not taken.keys:
        return Outcome(status=None, error="no secret", milliseconds=0)
    headers = signed_headers(message.body, uid=message.uid, timestamp=int(clock.now().timestamp()), keys=taken.keys)
    return await post(pool, taken.endpoint.url, headers=headers, body=message.body)
