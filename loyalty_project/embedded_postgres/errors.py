"""Error of the embedded server."""

import psycopg


class EmbeddedServerError(psycopg.OperationalError):
    """The embedded server cannot be started, reached or stopped; the message has the reason and what to do.

    It is a database error, so that Django raises it as `django.db.OperationalError`, as for any unreachable database.
    """
