"""Rate limits: calls of a caller in a minute, counted over all processes without a query for every call.

A process takes permits of the present minute from the caller's row, a fiftieth of the limit at a time, and spends them from
memory. The row never gives more than the limit, so a minute never has more calls. Permits that a process has not spent when
the minute ends are lost: at most a fiftieth of the limit for each further process.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from loyalty_project import clock
from loyalty_project.db.statements import fetch_written

MOST_CALLERS = 10_000
_MINUTE = 60
_TAKEN_AT_ONCE = 50

# A process whose clock is about to enter the minute that another has already entered takes from that minute. A row further in
# the future was written by a wrong clock and is set right.
_TAKE = """
INSERT INTO organizations_ratelease AS row (caller, minute, leased) VALUES (%(caller)s, %(minute)s, %(permits)s)
ON CONFLICT (caller) DO UPDATE
SET minute = CASE WHEN row.minute = EXCLUDED.minute + 1 THEN row.minute ELSE EXCLUDED.minute END,
    leased = CASE WHEN row.minute BETWEEN EXCLUDED.minute AND EXCLUDED.minute + 1 THEN row.leased ELSE 0 END + EXCLUDED.leased
WHERE row.minute NOT BETWEEN EXCLUDED.minute AND EXCLUDED.minute + 1 OR row.leased < %(limit)s
RETURNING minute, leased
"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Result for one call: whether it is allowed, the limit, what remains of it, and when the minute ends (epoch seconds)."""

    allowed: bool
    limit: int
    remaining: int
    resets_at: int

    @property
    def retry_after(self) -> int:
        """Whole seconds, at least 1, until calls are possible again."""
        return max(1, self.resets_at - int(clock.now().timestamp()))


@dataclass(slots=True)
class _Lease:
    """The permits that this process holds for one caller."""

    minute: int = -1
    limit: int = 0
    left: int = 0
    not_taken: int = 0
    lock: Lock = field(default_factory=Lock)


_leases: OrderedDict[str, _Lease] = OrderedDict()
_leases_lock = Lock()


def spend_permit(caller: str, *, limit: int) -> Allowance:
    """Take one of the caller's `limit` permits of the present minute.

    `caller` is `till:CODE` or `client:KEY`. Costs one query when the permits in memory run out (the first call of a
    minute, then every fiftieth of the limit), none otherwise, refusals included. A changed limit applies from the next call on.
    """
    lease = _lease_of(caller)
    with lease.lock:
        minute = int(clock.now().timestamp()) // _MINUTE
        if lease.minute < minute or lease.minute > minute + 1 or lease.limit != limit:
            lease.minute, lease.limit, lease.left, lease.not_taken = minute, limit, 0, limit
        if lease.left == 0 and lease.not_taken > 0:
            _take(lease, caller)
        allowed = lease.left > 0
        lease.left -= allowed
        return Allowance(allowed, limit, lease.left + lease.not_taken, (lease.minute + 1) * _MINUTE)


def forget_leases() -> None:
    """Drop the permits that this process holds, as a restart would."""
    with _leases_lock:
        _leases.clear()


def _lease_of(caller: str) -> _Lease:
    with _leases_lock:
        lease = _leases.setdefault(caller, _Lease())
        _leases.move_to_end(caller)
        while len(_leases) > MOST_CALLERS:
            _leases.popitem(last=False)
        return lease


def _take(lease: _Lease, caller: str) -> None:
    permits = max(1, lease.limit // _TAKEN_AT_ONCE)
    values = {"caller": caller, "minute": lease.minute, "permits": permits, "limit": lease.limit}
    rows = fetch_written(_TAKE, values)
    if not rows:
        lease.not_taken = 0
        return
    ((lease.minute, leased),) = rows
    # Only the last to take may overshoot; the excess does not exist.
    lease.left = min(permits, lease.limit - (leased - permits))
    lease.not_taken = max(0, lease.limit - leased)
