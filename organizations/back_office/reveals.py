"""Personal data of single customers, revealed to one member of staff for some minutes, for a reason that the audit keeps.

A session remembers what is revealed: it ends with the session, and another log-in of the same member does not have it.
"""

from typing import Final

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction

from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.staff.reach import REVEAL_PERMISSION, OutOfReachError

MINUTES: Final = 10
ACTION: Final = "personal data shown"
_KEY: Final = "revealed"


def reveal(session: SessionBase, customer_id: int, *, reason: str, by: Actor, now: int) -> None:
    """Note in the audit why the actor sees the customer's personal data, and only then let the session see it.

    `now` is in seconds since 1970. The caller has checked that the customer is in the actor's sight. Raises `OutOfReachError`
    without the permission.
    """
    if not by.may(REVEAL_PERMISSION):
        raise OutOfReachError
    change = Change(action=ACTION, object_type="customer", object_id=customer_id, new={"reason": reason, "minutes": MINUTES})
    with transaction.atomic():
        record_changes([change], by=by)
    session[_KEY] = {**_current(session, now), str(customer_id): now + MINUTES * 60}


def hide(session: SessionBase, customer_id: int, *, now: int) -> None:
    """End it before its time."""
    session[_KEY] = {key: until for key, until in _current(session, now).items() if key != str(customer_id)}


def revealed_until(session: SessionBase, *, now: int) -> dict[int, int]:
    """The ids of the customers that are revealed now, with the second since 1970 at which each ends."""
    return {int(key): until for key, until in _current(session, now).items()}


def _current(session: SessionBase, now: int) -> dict[str, int]:
    return {key: until for key, until in session.get(_KEY, {}).items() if until > now}
