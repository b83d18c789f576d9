"""What did the customers of the demo do since they registered? Each app's part of an invented past."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from demo import consents
from organizations.audit.actors import Actor
from subscriptions.services import keep_decisions
from use_cases.registration import Registration

# What describes the past.
SOURCES: Final = (Path(consents.__file__),)


def live_until(now: datetime, registered: Sequence[Registration], *, by: Actor) -> None:
    """Give those who have just been registered their past, in the transaction of the caller."""
    keep_decisions(consents.demo_decisions([one.customer for one in registered], now=now), by=by)
