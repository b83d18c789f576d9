"""Throttling of failed log-ins: failures are counted in PostgreSQL by (credential name, address), with growing delays.

The address is part of the key, so that guesses from elsewhere never lock out the till. The first five failures cause no delay.
After them an attempt is admitted after 1 second, the next after 2, 4, ... and then one a minute. Refused attempts are not
counted, so a till with an old password recovers at once when it is corrected. A success, or a day without failures, resets.

An address from which the credential was right within 30 days is never delayed: otherwise a guesser behind the shop's own
address would lock out its tills. Names that do not exist are counted together for each address, so the table does not grow
with invented names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction

from loyalty_project import clock
from loyalty_project.db.statements import fetch_written, run
from organizations.credentials.models import CredentialFailure

FREE_FAILURES = 5
LONGEST_DELAY = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(days=1)
PROVEN_FOR = timedelta(days=30)
# The name under which names that do not exist are counted. No credential has a name without a colon.
UNKNOWN_NAME = "unknown"
# Rows of failures alone that are kept at most, about.
MOST_ROWS = 50_000
_PRUNED_AT_ONCE = 100
_NAME_LENGTH = 100

_COUNT = """
INSERT INTO organizations_credentialfailure AS known (name, address, failures, last_failure)
VALUES (%(name)s, %(address)s, 1, %(now)s)
ON CONFLICT (name, address) DO UPDATE
SET failures = CASE WHEN known.last_failure <= %(forgotten)s THEN 1 ELSE LEAST(known.failures + 1, 1000000) END,
    last_failure = EXCLUDED.last_failure
WHERE known.failures < %(free)s
   OR known.last_success > %(proven)s
   OR known.last_failure + make_interval(secs => LEAST(%(longest)s, 2.0 ^ LEAST(known.failures - %(free)s, 30)))
      <= EXCLUDED.last_failure
RETURNING failures
"""
_SUCCEED = """
UPDATE organizations_credentialfailure SET failures = 0, last_success = %(now)s
WHERE name = %(name)s AND address = %(address)s
"""
# An attempt takes an id whether it makes a row or not, so the age in ids is a bound for the number of newer rows.
_PRUNE = """
DELETE FROM organizations_credentialfailure WHERE id IN (
    SELECT id FROM organizations_credentialfailure
    WHERE (last_failure <= %(forgotten)s OR id <= (SELECT max(id) FROM organizations_credentialfailure) - %(most)s)
      AND (last_success IS NULL OR last_success <= %(proven)s)
    ORDER BY id LIMIT %(count)s FOR UPDATE SKIP LOCKED
)
"""


@dataclass(slots=True)
class Attempt:
    """An attempt to verify a secret, not `admitted` during a delay. The caller sets `succeeded`, which resets the count."""

    admitted: bool
    succeeded: bool = False


@contextmanager
def counted_attempt(name: str, address: str) -> Iterator[Attempt]:
    """Count a failure of `name` from `address` before the secret is checked; a success inside the block resets the count.

    The count and the check inside are one transaction that holds the row: a second attempt of the same name and address, in any
    process, waits for the outcome of the first. So parallel guesses are all counted, and parallel correct calls are not.
    The wait ends with the connection's lock_timeout, as `django.db.OperationalError`.
    """
    name = _fitting(name)
    with transaction.atomic():
        failures = _count(name, address)
        attempt = Attempt(admitted=failures is not None)
        yield attempt
        if attempt.succeeded:
            run(_SUCCEED, {"now": clock.now(), "name": name, "address": address})
    if failures == 1 and not attempt.succeeded:
        prune_failures()


def is_proven(name: str, address: str) -> bool:
    """True if the credential was right from this address within 30 days."""
    proven = CredentialFailure.objects.filter(name=_fitting(name), address=address, last_success__gt=clock.now() - PROVEN_FOR)
    return proven.exists()


def prune_failures() -> int:
    """Delete up to a hundred rows that are a day old, or have 50,000 newer ones; returns how many. Every new row calls it.

    Rows of proven addresses stay for 30 days after the last success.
    """
    now = clock.now()
    values: dict[str, Any] = {
        "forgotten": now - FORGOTTEN_AFTER,
        "proven": now - PROVEN_FOR,
        "most": MOST_ROWS,
        "count": _PRUNED_AT_ONCE,
    }
    return run(_PRUNE, values)


def _count(name: str, address: str) -> int | None:
    now = clock.now()
    values: dict[str, Any] = {
        "name": name,
        "address": address,
        "now": now,
        "forgotten": now - FORGOTTEN_AFTER,
        "proven": now - PROVEN_FOR,
        "free": FREE_FAILURES,
        "longest": LONGEST_DELAY.total_seconds(),
    }
    rows = fetch_written(_COUNT, values)
    return rows[0][0] if rows else None


def _fitting(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else sha256(name.encode()).hexdigest()
