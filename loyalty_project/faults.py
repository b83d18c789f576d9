"""Fault points at which a test kills the process, to prove that nothing is lost and nothing is done twice.

`REGULARS_FAULT=item.after_key` kills the process, as a power cut would, when it first reaches that point;
`REGULARS_FAULT=item.after_key:3` when it reaches it for the third time. Production ignores the variable (`settings.FAULT`).
"""

import os
import re
import signal
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

log = structlog.get_logger(__name__)

_SPELLING = re.compile(r"(?P<point>[a-z_.]+)(?::(?P<nth>[1-9][0-9]*))?")


class Point(StrEnum):
    """The fault points, in the order in which a call reaches them."""

    BEFORE_KEY = "item.before_key"
    AFTER_KEY = "item.after_key"
    BILLS_RECORDED = "bills.recorded"
    LEDGER_WRITTEN = "ledger.written"
    AFTER_EFFECT = "item.after_effect"
    BEFORE_COMMIT = "item.before_commit"
    AFTER_COMMIT = "item.after_commit"
    BATCH_COMMITTED = "import.batch_committed"
    BEFORE_ANSWER = "call.before_answer"
    WEBHOOK_CLAIMED = "webhook.claimed"
    WEBHOOK_SENT = "webhook.sent"


@dataclass(slots=True)
class Fault:
    """Kill the process the `nth` time that any thread reaches `point`."""

    point: Point
    nth: int = 1
    _reached: "count[int]" = field(default_factory=lambda: count(1))

    def reach(self, point: Point) -> None:
        """Kill the process if this is the fault's point and its turn."""
        if point is self.point and next(self._reached) == self.nth:
            log.warning("killed_on_purpose", point=point.value, nth=self.nth)
            os.kill(os.getpid(), signal.SIGKILL)


def read_fault(text: str) -> Fault | None:
    """The fault of `POINT` or `POINT:N`; None for "". Raises ImproperlyConfigured for an unknown point."""
    if not text:
        return None
    match = _SPELLING.fullmatch(text)
    if match is None or match["point"] not in set(Point):
        raise ImproperlyConfigured(f"REGULARS_FAULT={text!r}: one of {', '.join(Point)}, or POINT:N for the Nth time")
    return Fault(Point(match["point"]), int(match["nth"] or 1))


_fault = read_fault(settings.FAULT)


def reach(point: Point) -> None:
    """Report that the process is at `point`. Does nothing unless a fault is configured."""
    if _fault is not None:
        _fault.reach(point)
