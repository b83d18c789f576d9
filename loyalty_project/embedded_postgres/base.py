"""Django's database engine for PostgreSQL, on the embedded server.

Django looks for `DatabaseWrapper` in a module of this name: `ENGINE = "loyalty_project.embedded_postgres"`.
"""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from loyalty_project.embedded_postgres.client import DatabaseClient
from loyalty_project.embedded_postgres.server import configured_server


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server. The server and its database are created if they do not exist."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Django's parameters, with the socket and user of the embedded server."""
        return {**super().get_connection_params(), **configured_server().connection_parameters()}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A psycopg connection. If it fails, the server is started, and the connection is tried once more.

        Raises EmbeddedServerError if the server cannot be started.
        """
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            configured_server().start(database=conn_params["dbname"])
        # The first start may have chosen another folder.
        return super().get_new_connection({**conn_params, **configured_server().connection_parameters()})
