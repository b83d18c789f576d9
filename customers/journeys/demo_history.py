"""What did the customers of the demo do since they registered? Each app's part of an invented past."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from customers.journeys.registration import Registration
from organizations.actors import Actor
from subscriptions import demo
from subscriptions.services import keep_decisions

# What describes the past.
SOURCES: Final = (Path(demo.__file__),)


def live_until(now: datetime, registered: Sequence[Registration], *, by: Actor) -> None:
    """Give those who have just been registered their past, in the transaction of the caller."""
    keep_decisions(demo.demo_decisions([one.customer for one in registered], now=now), by=by)
