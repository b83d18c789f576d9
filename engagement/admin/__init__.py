"""The rooms of the back office for engagement: one file a noun. Importing them puts them on the site."""

from engagement.admin import (
    bill,
    deferred_event,
    membership,
    points_account,
    points_entry,
    points_lot,
    program,
    redemption,
)

__all__ = [
    "bill",
    "deferred_event",
    "membership",
    "points_account",
    "points_entry",
    "points_lot",
    "program",
    "redemption",
]
