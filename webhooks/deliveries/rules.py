"""Rules of deliveries: how long they are tried, and the growing delays between attempts. Pure."""

import random
from datetime import datetime, timedelta
from typing import Final

# From the event, or its replay, to the moment at which it is given up.
KEPT_FOR: Final = timedelta(days=7)
FIRST_DELAY: Final = timedelta(seconds=30)
LONGEST_DELAY: Final = timedelta(hours=6)
# An endpoint at which a whole round failed is left alone for a while; after that it gets one delivery, to see how it does.
FIRST_REST: Final = timedelta(seconds=15)
LONGEST_REST: Final = timedelta(minutes=30)
# An endpoint that fails for so long without a success is paused.
PAUSED_AFTER: Final = timedelta(days=3)
# A delivery whose worker died is taken again after this time. Longer than any request takes.
LEASE: Final = timedelta(seconds=60)
ROUND: Final = 10


def delay_after(attempts: int) -> timedelta:
    """The time from a failed attempt (the n-th, from 1) to the next one: doubled each time, give or take a fifth."""
    return _grown(FIRST_DELAY, LONGEST_DELAY, attempts)


def rest_after(failures: int) -> timedelta:
    """The time for which an endpoint is left alone after so many failed rounds in a row (from 1)."""
    return _grown(FIRST_REST, LONGEST_REST, failures)


def round_size(failures: int) -> int:
    """How many deliveries an endpoint gets at the same time."""
    return 1 if failures else ROUND


def is_paused_by(failing_since: datetime, now: datetime) -> bool:
    """True if an endpoint that has failed since this moment is to be paused."""
    return now - failing_since >= PAUSED_AFTER


def _grown(first: timedelta, longest: timedelta, count: int) -> timedelta:
    # Beyond twenty doublings every delay is the longest.
    grown = min(first * (1 << min(count - 1, 20)), longest)
    # Jitter, so that what failed together is not tried together again.
    return grown * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
