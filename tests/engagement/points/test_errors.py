"""Why did the points step fail?"""

import pytest
from django.db import DataError, Error, IntegrityError, OperationalError

from engagement.points.errors import points_code


class CauseError(Exception):
    """What a driver says, as far as it matters."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("kind", "sqlstate", "code"),
    [
        (IntegrityError, "23514", 1010),
        (OperationalError, "55P03", 1090),
        (OperationalError, "57014", 1089),
        (DataError, "22003", 1087),
        (Error, "42703", 1086),
        (OperationalError, "40P01", None),
        (OperationalError, "40001", None),
        (OperationalError, "", None),
    ],
)
def test_each_error_has_its_code_and_what_is_repeated_has_none(kind: type[Error], sqlstate: str, code: int | None) -> None:
    error = kind("no")
    error.__cause__ = CauseError(sqlstate) if sqlstate else None
    assert points_code(error) == code
