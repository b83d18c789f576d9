"""Servers of their own for these tests, in folders that every user can reach (pytest's own are closed to others)."""

import os
import shutil
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from django.db.utils import ConnectionHandler
from psycopg.conninfo import make_conninfo
from pytest_django import DjangoDbBlocker, Settings

from loyalty_project.embedded_postgres.base import DatabaseWrapper
from loyalty_project.embedded_postgres.server import Server

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
Connect = Callable[..., psycopg.Connection]


def open_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="embedded-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


def end(server: Server) -> None:
    """Ends what a test left alive of its own server, and removes its files."""
    if server.places.alive.exists():
        server.stop()
    for folder in {server.places.home, server.places.socket_folder}:
        shutil.rmtree(folder, ignore_errors=True)


def as_user(uid: int, action: Callable[[], object]) -> str:
    """What happens when another user does that: the exception's text, or nothing when it went well."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            action()
        except BaseException as error:  # noqa: BLE001 - the parent judges it
            os.write(writer, f"{type(error).__name__}: {error}\n{traceback.format_exc()}".encode()[:60_000])
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        answer = file.read()
    os.waitpid(child, 0)
    return answer


def conninfo(server: Server, **parameters: str) -> str:
    return make_conninfo("", **{**server.connection_parameters(), "dbname": "shop", **parameters})


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for a server, without one."""
    base = open_folder()
    server = Server(base / "postgres")
    yield base / "postgres"
    end(server)
    shutil.rmtree(base)


@pytest.fixture(scope="session")
def kept() -> Iterator[Server]:
    """The one server that the tests share."""
    base = open_folder()
    server = Server(base / "postgres")
    server.start(database="shop")
    yield server
    server.stop()
    shutil.rmtree(base)


@pytest.fixture
def server(kept: Server) -> Iterator[Server]:
    """A server that is not running, with a database `shop`. Tests share its files, and leave none damaged."""
    kept.stop()
    yield kept
    kept.stop()


@pytest.fixture
def spare(server: Server, folder: Path) -> Server:
    """A copy of that server for a test that damages the files."""
    subprocess.run(["cp", "-a", server.places.home, folder], check=True)
    return Server(folder)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections to a server as the application does, or with other parameters."""
    opened: list[psycopg.Connection] = []

    def connect_to_it(server: Server, **parameters: str) -> psycopg.Connection:
        opened.append(psycopg.connect(conninfo(server, **parameters), autocommit=True))
        return opened[-1]

    yield connect_to_it
    for connection in opened:
        connection.close()


def server_pid(server: Server) -> int:
    return int(server.places.pid_file.read_text(encoding="utf-8").splitlines()[0])


@pytest.fixture
def engine(server: Server, settings: Settings, django_db_blocker: DjangoDbBlocker) -> Iterator[DatabaseWrapper]:
    """The project's default connection, by this engine whatever the tests run on, to a server that is not running."""
    settings.DATA_DIR = server.places.folder.parent
    wrapper = ConnectionHandler({"default": {"ENGINE": "loyalty_project.embedded_postgres", "NAME": "shop"}})["default"]
    assert isinstance(wrapper, DatabaseWrapper)
    usual = connections["default"]
    name = usual.settings_dict["NAME"]
    connections["default"] = wrapper
    with django_db_blocker.unblock():
        yield wrapper
        wrapper.close()
    connections["default"] = usual
    # Making and removing a test database renames the one in the settings, which is the usual connection's as well.
    usual.settings_dict["NAME"] = name
