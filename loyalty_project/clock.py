"""What time is it? The one clock of the project, so that a test can move it for everybody at once."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
