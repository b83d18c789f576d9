"""Checks of the database, for `manage.py check --database default` and `migrate`."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning

from loyalty_project.db.trusted_time import MOST_AHEAD, clock_lead


def check_clock(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """This machine's clock is not far ahead of the database's."""
    if not databases or (lead := clock_lead()) <= MOST_AHEAD:
        return []
    hint = "Set the clocks. Until then, points that are due only by this machine's clock are neither released nor expired."
    message = f"This machine's clock is {lead.days} days ahead of the database's."
    return [CheckWarning(message, hint=hint, id="loyalty_project.W001")]
