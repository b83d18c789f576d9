"""Printed notes: pure functions (docs/protocol.md 4.5, 4.8)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from engagement.notes.models import Note
from engagement.notes.rules import SentNote
from loyalty_project.protocol.moments import write_moment

NOT_KEPT = "-1"


def kept_note(note: Note | None, sent: SentNote, zone: ZoneInfo) -> dict[str, str]:
    """A note of a call that writes: as it is stored, or as it was sent with the id -1 (its description cut)."""
    if note is None:
        return {"id": NOT_KEPT, "date": sent.date[:_LONGEST_ECHO], "description": sent.description[:_LONGEST_ECHO]}
    return {"id": str(note.pk), "date": write_moment(note.noted_at, zone), "description": note.description}


def listed_note(pk: int, description: str, noted_at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """A note of a read."""
    return {"id": str(pk), "description": description, "added_on": write_moment(noted_at, zone)}


# An answer is kept with its Idempotency-Key.
_LONGEST_ECHO = 300
