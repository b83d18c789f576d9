"""Codes of errors in the points step (docs/protocol.md 5, 1010 and 1086-1090).

The step runs in a savepoint: if it fails, the customer or the bill is saved without its points.
"""

from django.db import Error, IntegrityError

from loyalty_project.db.errors import is_repeated, sqlstate
from loyalty_project.protocol.codes import Code


class PointsStepError(Exception):
    """The points of this customer or bill cannot be computed; `code` is the reason (1087, 1093)."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{int(code)} {code.sentence}")
        self.code = code


_CODES = {
    "55P03": Code.POINTS_LOCKED,
    "57014": Code.POINTS_TIMEOUT,
    "22003": Code.POINTS_NOT_REPRESENTABLE,
}


def points_code(error: Error) -> Code | None:
    """Warning for an error of the points step; None if the whole item is to be repeated, or the database is gone."""
    state = sqlstate(error)
    if not state or is_repeated(error):
        return None
    if isinstance(error, IntegrityError):
        return Code.POINTS_NOT_UPDATED
    return _CODES.get(state, Code.POINTS_DATABASE_ERROR)
