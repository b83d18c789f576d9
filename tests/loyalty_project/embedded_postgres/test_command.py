"""The command `manage.py embedded`, and that other commands leave the server alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from pytest_django import Settings

from loyalty_project.embedded_postgres.base import DatabaseWrapper
from loyalty_project.embedded_postgres.server import Server
from loyalty_project.management.commands.embedded import NOT_RUNNING


def manage(*arguments: str, data_dir: Path) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project_settings.BASE_DIR,
        env={**environment, "LOYALTY_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_started_server_outlives_the_command_and_its_terminal(server: Server) -> None:
    data_dir = server.places.folder.parent

    # The output is a pipe, which the server must not keep open: this call would not return.
    assert manage("embedded", "start", data_dir=data_dir).stdout == "Started.\n"

    status = manage("embedded", "status", data_dir=data_dir)
    assert status.returncode == 0
    assert status.stdout.startswith(f"running\ndata: {server.places.data}\n")
    assert server.is_running()


@pytest.mark.parametrize("argument", ["check", "--help"])
def test_command_without_need_of_the_database_starts_no_server(argument: str, server: Server) -> None:
    done = manage(argument, data_dir=server.places.folder.parent)

    assert done.returncode == 0, done.stderr
    assert not server.is_running()


def test_status_answers_by_its_exit_status(engine: DatabaseWrapper, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("embedded", "status")
    assert ended.value.code == NOT_RUNNING == 3
    assert capsys.readouterr().out.splitlines() == [
        "not running",
        f"data: {server.places.data}",
        f"socket: {server.places.socket_folder}",
    ]

    server.start()
    call_command("embedded", "status")
    assert capsys.readouterr().out.startswith("running\n")


def test_start_and_stop_may_be_repeated(engine: DatabaseWrapper, capsys: pytest.CaptureFixture[str]) -> None:
    for action in ["start", "start", "stop", "stop"]:
        call_command("embedded", action)

    sentences = ["Started.", "It was running already.", "Stopped.", "It was not running."]
    assert capsys.readouterr().out.splitlines() == sentences


def test_psql_gets_the_arguments_and_its_exit_status_is_passed_on(
    engine: DatabaseWrapper, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    call_command("embedded", "psql", "--", "-Atc", "SELECT 40 + 2")
    assert capfd.readouterr().out == "42\n"

    script = tmp_path / "wrong.sql"
    script.write_text("SELECT nonsense;", encoding="utf-8")
    with pytest.raises(CommandError, match="exit status 3") as failed:
        call_command("embedded", "psql", "--", "-v", "ON_ERROR_STOP=1", "-f", str(script))
    assert failed.value.returncode == 3


def test_arguments_belong_to_psql_alone(engine: DatabaseWrapper) -> None:
    with pytest.raises(CommandError, match="stop takes no arguments"):
        call_command("embedded", "stop", "now")


def test_an_impossible_command_fails_without_a_traceback(engine: DatabaseWrapper, settings: Settings, folder: Path) -> None:
    settings.DATA_DIR = folder.parent
    folder.symlink_to(folder.with_name("gone"))

    for action in ["start", "psql"]:
        with pytest.raises(CommandError, match="which is gone: bring it back"):
            call_command("embedded", action)


def test_other_database_is_not_taken_for_the_embedded_one(engine: DatabaseWrapper) -> None:
    other = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "HOST": "db.example.com"}
    connections["default"] = ConnectionHandler({"default": other})["default"]

    for action in ["start", "psql"]:
        with pytest.raises(CommandError, match="DATABASE_URL is set"):
            call_command("embedded", action)
