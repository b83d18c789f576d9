"""How does somebody look into the embedded database by hand? With the wheel's psql, or the system's."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import client

from loyalty_project.embedded_postgres.server import configured_server


class DatabaseClient(client.DatabaseClient):
    """What `dbshell` and `embedded psql` run: the server is started first, when it must be."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """The command line and the additional environment of psql. Raises EmbeddedServerError when there is no psql."""
        server = configured_server()
        found = server.connection_parameters()
        place = {"HOST": found["host"], "PORT": found["port"], "USER": found["user"]}
        arguments, environment = super().settings_to_cmd_args_env({**settings_dict, **place}, list(parameters))
        return [str(server.psql()), *arguments[1:]], {**(environment or {}), "PGREQUIREPEER": found["requirepeer"]}

    def runshell(self, parameters: Iterable[str]) -> None:
        """Runs psql in this terminal. Raises CalledProcessError with its exit status when that is not 0."""
        self.connection.ensure_connection()
        self.connection.close()
        super().runshell(parameters)
