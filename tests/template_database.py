"""The template of the test databases: migrated once per server, then cloned by each process that runs tests.

Its name ends with a digest of what makes it: the migrations, the packages and the server's version. Templates of other
digests are dropped when a new one is made. A template stays on the server, for the next run.
"""

import hashlib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from loyalty_project.db.fast_migrations import fast_migrations

# Brings the versions of Django and of the other packages whose migrations run.
_LOCK = "requirements-dev.txt"


def template_database(connection: DatabaseWrapper) -> str:
    """The name of the template, which is made first if the server does not have it.

    Processes that ask at the same time wait for the first of them.
    """
    prefix = f"test_template_{connection.settings_dict['NAME']}_"
    with connection._nodb_cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [prefix])  # until the cursor's connection ends
        cursor.execute("SHOW server_version_num")
        name = prefix + _digest(cursor.fetchone()[0])
        templates = _databases(cursor, prefix)
        if name not in templates:
            for outdated in templates:
                cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(outdated)))
            draft = f"{prefix}draft"
            _migrate(connection, draft)
            cursor.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(name)))
    return name


def _digest(server_version: str) -> str:
    digest = hashlib.sha256(server_version.encode())
    digest.update((settings.BASE_DIR / _LOCK).read_bytes())
    for app in apps.get_app_configs():
        folder = Path(app.path) / "migrations"
        for migration in sorted(folder.glob("*.py")):
            digest.update(migration.read_bytes())
    return digest.hexdigest()[:16]


def _databases(cursor: CursorWrapper, prefix: str) -> list[str]:
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return [name for (name,) in cursor.fetchall()]


def _migrate(connection: DatabaseWrapper, name: str) -> None:
    """Make a migrated database. Nobody is connected to it afterwards."""
    database = connection.settings_dict
    before, before_test = database["NAME"], database["TEST"]["NAME"]
    database["TEST"]["NAME"] = name
    try:
        with fast_migrations():
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    finally:
        connection.close()
        database["NAME"], database["TEST"]["NAME"] = before, before_test
