"""Command for the embedded PostgreSQL: its status, start and stop, and psql."""

import subprocess
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from loyalty_project.embedded_postgres.base import DatabaseWrapper
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from loyalty_project.embedded_postgres.server import Server, configured_server

NOT_RUNNING = 3


class Command(BaseCommand):
    """`manage.py embedded status|start|stop|psql`."""

    help = (
        "Manage the PostgreSQL that starts by itself if DATABASE_URL is not set. status: exit status 0 if it runs, 3 if it does"
        " not. start, stop: exit status 0 if it runs afterwards, or does not run. psql: open psql on the database, with the"
        " arguments after --. Exit status 1: an error, with its reason."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the action and the arguments for psql."""
        parser.add_argument("action", choices=["status", "start", "stop", "psql"])
        parser.add_argument("arguments", nargs="*", help="arguments for psql, after --")

    def handle(self, *, action: str, arguments: list[str], **_options: Any) -> None:
        """Run the action. Raises CommandError if it fails, SystemExit with the documented exit status."""
        if arguments and action != "psql":
            raise CommandError(f"{action} takes no arguments.")
        server = configured_server()
        try:
            match action:
                case "status":
                    self._print_status(server)
                case "start":
                    started = server.start(database=self._engine().settings_dict["NAME"])
                    self.stdout.write("Started." if started else "It was running already.")
                case "stop":
                    self.stdout.write("Stopped." if server.stop() else "It was not running.")
                case _:
                    self._engine().client.runshell(arguments)
        except (DatabaseError, EmbeddedServerError) as error:
            raise CommandError(str(error)) from error
        except subprocess.CalledProcessError as error:
            message = f"psql ended with exit status {error.returncode}."
            raise CommandError(message, returncode=error.returncode) from error

    def _print_status(self, server: Server) -> None:
        running = server.is_running()
        self.stdout.write("running" if running else "not running")
        self.stdout.write(f"data: {server.places.data}")
        self.stdout.write(f"socket: {server.places.socket_folder}")
        if not running:
            sys.exit(NOT_RUNNING)

    @staticmethod
    def _engine() -> DatabaseWrapper:
        engine = connections[DEFAULT_DB_ALIAS]
        if not isinstance(engine, DatabaseWrapper):
            raise CommandError("DATABASE_URL is set: the embedded PostgreSQL is not in use.")
        return engine
