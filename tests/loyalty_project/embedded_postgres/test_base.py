import os
import signal
import time
from pathlib import Path

import django.core.management
import django.db
import psycopg
import pytest
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from loyalty_project.embedded_postgres.base import DatabaseWrapper
from loyalty_project.embedded_postgres.cluster import processes
from loyalty_project.embedded_postgres.server import Server
from tests.loyalty_project.embedded_postgres.conftest import conninfo, root_only, server_pid


def one_value(engine: DatabaseWrapper, statement: str) -> object:
    with engine.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def test_first_connection_starts_the_server_and_nothing_before_it_does(engine: DatabaseWrapper, server: Server) -> None:
    assert engine.get_connection_params()["dbname"] == "shop"
    assert not server.is_running()

    assert one_value(engine, "SELECT current_user || '@' || current_database()") == "loyalty@shop"
    assert server.is_running()


def test_missing_database_is_made_on_the_first_connection(engine: DatabaseWrapper, server: Server) -> None:
    server.start()
    engine.settings_dict["NAME"] = "made_on_demand"

    assert one_value(engine, "SELECT current_database()") == "made_on_demand"


def test_connection_to_a_running_server_asks_nothing_but_what_django_asks(engine: DatabaseWrapper, server: Server) -> None:
    server.start()
    with CaptureQueriesContext(engine) as queries:
        engine.ensure_connection()

    assert len(queries) == 0


def test_test_database_is_made_and_removed_beside_the_usual_one(
    engine: DatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(django.core.management, "call_command", lambda *_, **__: None)  # an empty one will do: it would migrate
    assert engine.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=False) == "test_shop"
    assert one_value(engine, "SELECT current_database()") == "test_shop"

    engine.creation.destroy_test_db("shop", verbosity=0)

    assert one_value(engine, "SELECT count(*) FROM pg_database WHERE datname = 'test_shop'") == 0


def test_server_killed_under_a_connection_is_back_for_the_next_one(engine: DatabaseWrapper, server: Server) -> None:
    one_value(engine, "SELECT 1")
    os.kill(server_pid(server), signal.SIGKILL)
    while processes(server.places):
        time.sleep(0.01)

    with pytest.raises(django.db.OperationalError):
        one_value(engine, "SELECT 1")
    engine.close_if_unusable_or_obsolete()

    assert one_value(engine, "SELECT 1") == 1


def test_a_server_that_cannot_start_is_an_error_with_the_reason(
    engine: DatabaseWrapper, settings: Settings, folder: Path
) -> None:
    settings.DATA_DIR = folder.parent
    folder.symlink_to(folder.with_name("gone"))

    with pytest.raises(django.db.OperationalError, match="which is gone: bring it back"):
        engine.ensure_connection()


@root_only
def test_the_connection_follows_data_moved_by_the_first_start(
    engine: DatabaseWrapper, server: Server, settings: Settings, folder: Path
) -> None:
    server.start()
    folder.parent.chmod(0o700)
    settings.DATA_DIR = folder.parent / "var"
    settings.DATA_DIR.mkdir()
    before = engine.get_connection_params()["host"]
    # What a first start by root does in a folder that its server's user cannot enter.
    settings.DATA_DIR.joinpath("postgres").symlink_to(server.places.home)

    assert engine.get_connection_params()["host"] != before
    assert one_value(engine, "SELECT 1") == 1


def test_password_of_no_kind_is_needed_or_kept(engine: DatabaseWrapper, server: Server) -> None:
    engine.ensure_connection()

    assert "password" not in engine.get_connection_params()
    assert not list(server.places.folder.parent.rglob("*password*"))
    with psycopg.connect(conninfo(server)) as connection:
        assert not connection.pgconn.used_password
