"""Interactions as reads have them (docs/protocol.md 4.13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """An interaction or notification. Latitude, longitude and score are plain digits, "" without one."""

    pk: int
    occurred_at: datetime
    sender: str
    receiver: str
    subject: str
    status: str
    delivered_at: datetime | None
    latitude: str = ""
    longitude: str = ""
    survey_name: str = ""
    nps_score: str = ""
    sent_by: str = ""
    response_url: str = ""
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """The interactions of one network and type: the number of all, and the newest, newest first."""

    network: str
    type: str
    count: int
    rows: Sequence[ContactRow]
