"""Hand-written statements on tenants' rows: `loyalty_project.db.statements` with the organization of the scope.

Every such statement names `%(organization)s`, which comes from the scope and from nowhere else.
"""

from collections.abc import Mapping
from typing import Any, Final

from loyalty_project.db import statements
from loyalty_project.db.statements import Rows
from organizations.tenancy.scoping import scope_organization

_PARAMETER: Final = "%(organization)s"


def fetch_rows(statement: str, values: Mapping[str, Any]) -> Rows:
    """All rows of a statement that reads (`fetch`). Raises `OutsideScopeError` outside of one organization's scope."""
    return statements.fetch(statement, _of_scope(statement, values))


def fetch_written_rows(statement: str, values: Mapping[str, Any]) -> Rows:
    """The rows that a statement returns of what it wrote (`fetch_written`). Raises as `fetch_rows`."""
    return statements.fetch_written(statement, _of_scope(statement, values))


def write_rows(statement: str, values: Mapping[str, Any]) -> int:
    """Run a statement that writes (`run`). Returns the number of rows that it touched. Raises as `fetch_rows`."""
    return statements.run(statement, _of_scope(statement, values))


def _of_scope(statement: str, values: Mapping[str, Any]) -> dict[str, Any]:
    if _PARAMETER not in statement:
        raise ValueError("a statement on tenants' rows without its organization")
    return {**values, "organization": scope_organization()}
