"""What a database error says: its SQLSTATE, the constraint it met, whether to repeat the work."""

from django.db import Error, IntegrityError, InterfaceError, OperationalError

# Deadlocks and serialization failures.
_REPEATED = frozenset({"40P01", "40001"})
# Connection exceptions; shutdown, crash, start; too many connections.
_CONNECTION_CLASS = "08"
_AWAY = frozenset({"57P01", "57P02", "57P03", "53300"})

MAX_ATTEMPTS = 5
# A table or a column that does not exist.
_UNDEFINED = frozenset({"42P01", "42703"})


def is_repeated(error: Error) -> bool:
    """True for deadlocks and serialization failures: the whole item is repeated."""
    return sqlstate(error) in _REPEATED


def sqlstate(error: Error) -> str:
    """PostgreSQL's code of a database error; empty when the server was not reached."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def is_database_away(error: BaseException) -> bool:
    """True if the server was not reached, ended the connection, or takes no more connections now.

    Django wraps the driver's errors; an error inside a lost transaction is an InterfaceError without a SQLSTATE.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = sqlstate(error)
    return not state or state.startswith(_CONNECTION_CLASS) or state in _AWAY


def constraint_name(error: IntegrityError) -> str | None:
    """The constraint that a write broke, by its name in the database."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return diagnostics.constraint_name if diagnostics else None


def database_failure(error: Error) -> str:
    """What a user of a command can do about a database that is not reachable or not migrated; "" for other errors."""
    if sqlstate(error) in _UNDEFINED:
        return "The database does not have this version's tables. Run: python manage.py migrate"
    if isinstance(error, OperationalError | InterfaceError) and not sqlstate(error):
        return f"The database cannot be reached: {str(error).strip()}"
    return ""
