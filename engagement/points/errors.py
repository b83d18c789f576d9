"""Why did the points step fail? The code that a database error stands for (docs/protocol.md 5, 1010 and 1086-1090).

The step runs in a savepoint: the customer or the bill is saved without its points.
"""

from django.db import Error, IntegrityError

from loyalty_project.db.errors import is_repeated, sqlstate
from loyalty_project.protocol.codes import Code


class PointsStepError(Exception):
    """The points step cannot be done for this customer or bill as things stand; `code` says why (1087, 1093)."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{int(code)} {code.sentence}")
        self.code = code


_CODES = {
    "55P03": Code.POINTS_LOCKED,
    "57014": Code.POINTS_TIMEOUT,
    "22003": Code.POINTS_NOT_REPRESENTABLE,
}


def points_code(error: Error) -> Code | None:
    """The warning for an error of the points step; None where the whole item is to be repeated, or the database is gone."""
    state = sqlstate(error)
    if not state or is_repeated(error):
        return None
    if isinstance(error, IntegrityError):
        return Code.POINTS_NOT_UPDATED
    return _CODES.get(state, Code.POINTS_DATABASE_ERROR)
