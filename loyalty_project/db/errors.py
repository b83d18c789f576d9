"""What a database error says: its SQLSTATE, the constraint it met, whether to repeat the work."""

from django.db import Error, IntegrityError

# Deadlocks and serialization failures.
_REPEATED = frozenset({"40P01", "40001"})

MAX_ATTEMPTS = 5


def is_repeated(error: Error) -> bool:
    """True for deadlocks and serialization failures: the whole item is repeated."""
    return sqlstate(error) in _REPEATED


def sqlstate(error: Error) -> str:
    """PostgreSQL's code of a database error; empty when the server was not reached."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def constraint_name(error: IntegrityError) -> str | None:
    """The constraint that a write broke, by its name in the database."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return diagnostics.constraint_name if diagnostics else None
