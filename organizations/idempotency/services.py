"""Replay of calls with an idempotency key: keys of callers and kept answers (docs/protocol.md 1.10).

A key is bound to its content before the items are processed, in a statement of its own: of two calls that use one key for
different content at the same time, exactly one continues. An answer is claimed and kept in its item's transaction.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import RequestRefusedError
from loyalty_project.protocol.json_text import to_json
from loyalty_project.protocol.outcomes import Outcome
from organizations.audit.actors import Actor
from organizations.idempotency.models import IdempotencyKey, KeptAnswer
from organizations.tenancy.statements import fetch_written_rows, write_rows

KEPT_FOR: Final = timedelta(hours=72)
_PRUNED_AT_ONCE = 1000

# A key that is used again is kept longer, so that it is never pruned during the call that uses it.
_BIND = """
INSERT INTO organizations_idempotencykey AS known
    (organization_id, credential, action, key, content, first_used_at, last_used_at)
VALUES (%(organization)s, %(credential)s, %(action)s, %(key)s, %(content)s, %(now)s, %(now)s)
ON CONFLICT (organization_id, credential, action, key) DO UPDATE SET last_used_at = EXCLUDED.last_used_at
RETURNING id, content
"""
# Waits for a transaction that has claimed the same item. Afterwards its answer exists, or nothing if it was rolled back.
_CLAIM = """
INSERT INTO organizations_keptanswer (organization_id, key_id, position, succeeded, body)
VALUES (%(organization)s, %(key)s, %(position)s, FALSE, '') ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedCall:
    """The answers under one bound key (`loyalty_project.api.batch.Once`)."""

    key_id: int

    def claim(self, position: int) -> Outcome | None:
        """Claim the item at `position`; returns its answer if it was processed before. Raises 55P03 if the wait is too long."""
        if write_rows(_CLAIM, {"key": self.key_id, "position": position}):
            return None
        kept = KeptAnswer.objects.get(key_id=self.key_id, position=position)
        return Outcome(json.loads(kept.body, parse_float=Decimal), succeeded=kept.succeeded, replayed=True)

    def keep(self, position: int, outcome: Outcome) -> None:
        """Write the answer of a claimed item. Call it in the transaction of the claim."""
        KeptAnswer.objects.filter(key_id=self.key_id, position=position).update(
            succeeded=outcome.succeeded, body=to_json(outcome.body).decode(), subject_id=outcome.subject
        )


def open_keyed_call(key: str, *, action: str, content: str, by: Actor) -> KeyedCall:
    """Bind `key` of this credential and action to `content` (a digest). Call it in the organization's scope, outside of
    the items' transactions.

    Raises `RequestRefusedError` 422 if the key was used for other content.
    """
    values: dict[str, Any] = {
        "credential": by.name,
        "action": action,
        "key": key,
        "content": content,
        "now": clock.now(),
    }
    ((key_id, known_content),) = fetch_written_rows(_BIND, values)
    if known_content != content:
        raise RequestRefusedError(422, Code.INVALID_INPUT)
    return KeyedCall(key_id=key_id)


def prune_keys() -> int:
    """Delete the organization's keys unused for 72 hours, with their answers, in steps of a thousand; returns how many keys.

    Call it in the organization's scope.
    """
    unused_since = clock.now() - KEPT_FOR
    pruned = 0
    while True:
        with transaction.atomic():
            unused = lock(IdempotencyKey.objects.filter(last_used_at__lte=unused_since))
            keys = list(unused.values_list("pk", flat=True)[:_PRUNED_AT_ONCE])
            IdempotencyKey.objects.filter(pk__in=keys).delete()
        pruned += len(keys)
        if len(keys) < _PRUNED_AT_ONCE:
            return pruned
