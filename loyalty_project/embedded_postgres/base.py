"""Which database engine starts its own server? This one: Django's for PostgreSQL, with a local server behind it.

Django looks for `DatabaseWrapper` in a module of this name: `ENGINE = "loyalty_project.embedded_postgres"`.
"""

from typing import Any

import psycopg
from django.db.backends.postgresql import base

from loyalty_project.embedded_postgres.client import DatabaseClient
from loyalty_project.embedded_postgres.server import configured_server


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to the embedded server: both the server and its database are made when they are not there."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """Django's parameters, with the embedded server's place and user."""
        return {**super().get_connection_params(), **configured_server().connection_parameters()}

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A psycopg connection. While the server runs, this costs nothing; a failure is reason to look after it, once.

        Raises EmbeddedServerError when the server cannot be started.
        """
        try:
            return super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            configured_server().start(database=conn_params["dbname"])
        # The first start may have chosen another folder.
        return super().get_new_connection({**conn_params, **configured_server().connection_parameters()})
