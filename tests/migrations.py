"""The functions of a data migration by themselves: on the tables as they are by now, with the models of its own time.

That every migration goes back and forth on real tables is shown by `tests/loyalty_project/test_migrations.py`; rewinding the
whole schema around each question about rows would take minutes.
"""

from functools import cache
from typing import Any

from django.db import connection
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader


def carry_over(app: str, name: str) -> None:
    """What the migration does to rows when it is applied."""
    apps, operations = _of(app, name)
    for operation in operations:
        operation.code(apps, connection.schema_editor())


def carry_back(app: str, name: str) -> None:
    """What it does to rows when it is taken back."""
    apps, operations = _of(app, name)
    for operation in reversed(operations):
        operation.reverse_code(apps, connection.schema_editor())


@cache
def _of(app: str, name: str) -> tuple[Any, list[Any]]:
    loader = MigrationLoader(connection)
    operations = [operation for operation in loader.get_migration(app, name).operations if isinstance(operation, RunPython)]
    return loader.project_state((app, name)).apps, operations
