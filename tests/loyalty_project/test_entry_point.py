"""Commands on a database that cannot serve them (loyalty_project/entry_point.py)."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from loyalty_project import entry_point


def test_a_database_that_is_not_reachable_is_a_plain_message() -> None:
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    command = [sys.executable, "manage.py", "check_tenancy"]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The database cannot be reached: ")
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["SELECT * FROM missing_table", "SELECT missing FROM organizations_organization"])
def test_a_database_without_tables_is_a_plain_message(monkeypatch, capsys, statement) -> None:
    def execute(_argv: list[str]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    monkeypatch.setattr(entry_point, "execute_from_command_line", execute)
    with pytest.raises(SystemExit) as stopped:
        entry_point.run(["manage.py", "any"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "The database does not have this version's tables. Run: python manage.py migrate\n"


@pytest.mark.django_db
def test_another_error_of_the_database_is_a_bug_and_raised(monkeypatch) -> None:
    def execute(_argv: list[str]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT nonsense(")

    monkeypatch.setattr(entry_point, "execute_from_command_line", execute)
    with pytest.raises(ProgrammingError):
        entry_point.run(["manage.py", "any"])
