"""What is raised when the embedded server cannot do its work?"""

import psycopg


class EmbeddedServerError(psycopg.OperationalError):
    """The embedded server cannot be started, reached or stopped; the message says why and what to do.

    It is a database error, so that Django hands it on as `django.db.OperationalError`, like any database out of reach.
    """
