"""Entry point of `manage.py`: runs a command; a database that cannot serve it is a plain message, not a traceback."""

import sys
from collections.abc import Sequence

from django.core.management import execute_from_command_line
from django.db import Error

from loyalty_project.db.errors import database_failure

NOTHING_DONE = 2


def run(argv: Sequence[str]) -> None:
    """Run the command of these arguments. Ends the process with status 2 if the database is not reachable or not migrated."""
    try:
        execute_from_command_line(list(argv))
    except Error as error:
        message = database_failure(error)
        if not message:
            raise
        sys.stderr.write(f"{message}\n")
        sys.exit(NOTHING_DONE)
