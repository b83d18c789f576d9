"""psql on the embedded database: the wheel's program, or the system's."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import client

from loyalty_project.embedded_postgres.server import configured_server


class DatabaseClient(client.DatabaseClient):
    """Client of `dbshell` and `embedded psql`. It starts the server if it does not run."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        """The command line and the additional environment of psql. Raises EmbeddedServerError if there is no psql."""
        server = configured_server()
        parameters_of_server = server.connection_parameters()
        address = {
            "HOST": parameters_of_server["host"],
            "PORT": parameters_of_server["port"],
            "USER": parameters_of_server["user"],
        }
        arguments, environment = super().settings_to_cmd_args_env({**settings_dict, **address}, list(parameters))
        return [str(server.psql()), *arguments[1:]], {
            **(environment or {}),
            "PGREQUIREPEER": parameters_of_server["requirepeer"],
        }

    def runshell(self, parameters: Iterable[str]) -> None:
        """Run psql in this terminal. Raises CalledProcessError if its exit status is not 0."""
        self.connection.ensure_connection()
        self.connection.close()
        super().runshell(parameters)
