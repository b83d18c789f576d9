import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from loyalty_project.embedded_postgres.cluster import processes, working_folder
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from loyalty_project.embedded_postgres.paths import SOCKET
from loyalty_project.embedded_postgres.server import Patience, Server
from tests.loyalty_project.embedded_postgres.conftest import Connect, conninfo, end, server_pid
from tests.loyalty_project.embedded_postgres.test_binaries import make_package

STARTER = """
import pathlib, sys
from loyalty_project.embedded_postgres.server import Server
print(Server(pathlib.Path(sys.argv[1])).start(database="shop"))
"""


def starter(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", STARTER, folder], stdout=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    limit = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < limit, f"{path} does not appear"
        time.sleep(0.002)


def setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def test_start_and_stop_return_if_they_had_an_effect(folder: Path) -> None:
    server = Server(folder)
    assert not server.is_running()
    assert not server.stop()
    assert not folder.exists()

    assert server.start(database="shop")
    assert server.is_running()
    assert not server.start(database="shop")

    assert server.stop()
    assert not server.is_running()
    assert not server.stop()


def test_server_is_durable_local_and_the_same_everywhere(server: Server, connect: Connect) -> None:
    server.start()
    connection = connect(server)

    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "TimeZone": "UTC",
        "lc_messages": "C",
    }
    assert {name: setting(connection, name) for name in wanted} == wanted
    locale = connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'shop'").fetchone()
    assert locale == ("b", "C.UTF-8")


def test_application_owns_its_database_without_rights_over_the_machine(server: Server, connect: Connect) -> None:
    server.start()
    connection = connect(server)

    connection.execute("CREATE TABLE visit (number int)")
    connection.execute("CREATE DATABASE another")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("COPY visit FROM PROGRAM 'echo 1'")


def test_missing_database_is_made_whatever_its_name(server: Server, connect: Connect) -> None:
    assert server.start(database="wei\"rd na'me")
    assert not server.start(database="wei\"rd na'me")

    assert connect(server, dbname="wei\"rd na'me").info.user == "loyalty"


def test_log_holds_no_data_of_failing_statements(server: Server, connect: Connect) -> None:
    server.start()
    connection = connect(server)
    connection.execute("CREATE TABLE person (email text UNIQUE)")
    insert = "INSERT INTO person VALUES (%s)"
    connection.execute(insert, ["ada@example.com"])
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute(insert, ["ada@example.com"])
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        connection.execute("SELECT 'ada@example.com'::int")
    server.stop()

    log = server.places.log.read_text(encoding="utf-8")
    assert "database system is shut down" in log
    assert "ada" not in log


def test_processes_that_start_at_once_get_one_server(folder: Path) -> None:
    starters = [starter(folder) for _ in range(3)]

    answers = sorted(process.communicate(timeout=60)[0].strip() for process in starters)

    assert answers == ["False", "False", "True"]
    assert [process.returncode for process in starters] == [0, 0, 0]
    assert Server(folder).is_running()


def test_threads_that_start_at_once_get_one_server(server: Server) -> None:
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(server.start())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False, False, True]


def test_killed_starter_leaves_a_folder_that_the_next_one_completes(folder: Path) -> None:
    server = Server(folder)
    with starter(folder) as killed:
        wait_for(server.places.draft / "global")
        killed.kill()
    # initdb lives on for a moment, and is waited for.
    assert server.is_running()

    assert server.start(database="shop")
    assert not server.places.draft.exists()


def test_a_server_whose_starter_was_killed_is_taken_over(server: Server, connect: Connect) -> None:
    with starter(server.places.folder) as killed:
        wait_for(server.places.pid_file)
        killed.kill()

    server.start()
    assert connect(server).info.dbname == "shop"


def test_killed_server_is_replaced_and_what_it_acknowledged_is_there(server: Server, connect: Connect) -> None:
    server.start()
    connection = connect(server)
    connection.execute("CREATE TABLE bill AS SELECT 1 AS number")
    killed = server_pid(server)

    os.kill(killed, signal.SIGKILL)

    assert server.start()
    assert server_pid(server) != killed
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    assert connect(server).execute("SELECT number FROM bill").fetchall() == [(1,)]


def test_a_wholly_killed_server_is_replaced(server: Server) -> None:
    server.start()
    for pid in processes(server.places):
        # The others end by themselves once the first one is killed.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    assert server.start()


def test_process_that_outlives_the_killed_server_is_ended(server: Server, connect: Connect) -> None:
    server.start()
    backend = connect(server).info.backend_pid
    # Stopped, it does not notice the end of its server, like one in the middle of a long computation.
    os.kill(backend, signal.SIGSTOP)
    os.kill(server_pid(server), signal.SIGKILL)

    assert Server(server.places.folder, patience=Patience(silence=0.2)).start()
    assert backend not in processes(server.places)


def test_a_server_that_restarts_itself_is_waited_for(server: Server, connect: Connect) -> None:
    server.start()
    os.kill(connect(server).info.backend_pid, signal.SIGKILL)

    assert not server.start()
    assert connect(server).info.dbname == "shop"


def test_server_that_lost_its_socket_is_replaced(server: Server, connect: Connect) -> None:
    server.start()
    shutil.rmtree(server.places.socket_folder)

    assert Server(server.places.folder, patience=Patience(silence=0.2)).start()
    assert connect(server).info.dbname == "shop"


def test_a_server_without_its_files_is_replaced(spare: Server, connect: Connect) -> None:
    server = spare
    server.start()
    forgotten = server_pid(server)
    shutil.rmtree(server.places.folder)
    try:
        assert not server.is_running()
        assert server.start(database="shop")
        assert connect(server).execute("SELECT FROM pg_class WHERE relname = 'missing'").fetchall() == []
    finally:
        # It notices by itself, within a minute.
        if str(working_folder(str(forgotten))).endswith("(deleted)"):
            os.kill(forgotten, signal.SIGKILL)


def test_long_path_has_its_socket_in_a_private_folder(folder: Path) -> None:
    server = Server(folder.parent / ("d" * 60) / ("e" * 60) / "postgres")
    try:
        assert server.start(database="shop")
        private = server.places.socket_folder
        assert private.parent == Path("/tmp")
        assert private.stat().st_mode & 0o777 == 0o700
        with psycopg.connect(conninfo(server)) as connection:
            assert connection.info.host == str(private)
        # As after a reboot that empties /tmp.
        server.stop()
        shutil.rmtree(private)
        assert server.start()
    finally:
        end(server)


def test_path_with_characters_of_the_shell_is_just_a_path(folder: Path) -> None:
    server = Server(folder.parent / 'it\'s, "a" $HOME `b` \\c %d é' / "postgres")
    try:
        assert server.start(database="shop")
        with psycopg.connect(conninfo(server)) as connection:
            assert connection.info.dbname == "shop"
        assert processes(server.places)
    finally:
        end(server)


def test_data_of_another_major_version_are_not_touched(server: Server, folder: Path) -> None:
    package = make_package(folder.parent / "wheel", 99)

    with pytest.raises(EmbeddedServerError, match="brings 99"):
        Server(server.places.folder, package=package).start()
    assert not server.is_running()
    assert server.start()


def test_server_that_does_not_start_is_quoted(spare: Server) -> None:
    (spare.places.data / "global" / "pg_control").unlink()

    with pytest.raises(EmbeddedServerError, match=r"(?s)does not start: .*could not find the database system"):
        spare.start()
    assert not spare.is_running()


def test_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    folder.parent.joinpath("file").touch()

    with pytest.raises(EmbeddedServerError, match=r"cannot be started: .*/file"):
        Server(folder.parent / "file" / "postgres").start()


def test_process_that_cannot_be_ended_is_reported(server: Server) -> None:
    stuck = Server(server.places.folder, patience=Patience(recovery=0.3, silence=0.1, stop=0.1, kill=0.1))
    descriptor = os.open(server.places.alive, os.O_RDONLY)
    try:
        # As a process in the kernel's hands does, which not even SIGKILL ends.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedServerError, match="does not stop"):
            stuck.stop()
        with pytest.raises(EmbeddedServerError, match="lives, but accepts no connections"):
            stuck.start()
    finally:
        os.close(descriptor)


def test_server_that_ignores_the_request_to_stop_is_cut_off_without_loss(server: Server, connect: Connect) -> None:
    server.start()
    connect(server).execute("CREATE TABLE coupon AS SELECT 1 AS number")
    os.kill(server_pid(server), signal.SIGSTOP)

    assert Server(server.places.folder, patience=Patience(stop=0.2)).stop()
    assert not server.is_running()
    assert server.start()
    assert connect(server).execute("SELECT number FROM coupon").fetchall() == [(1,)]


def test_a_pid_file_without_a_server_is_harmless(server: Server) -> None:
    server.start()
    real = server.places.pid_file.read_text(encoding="utf-8")
    server.places.pid_file.write_text("-1\n", encoding="ascii")

    assert Server(server.places.folder, patience=Patience(stop=0.2)).stop()
    assert "ready" in real


def test_another_users_server_behind_the_socket_is_refused(server: Server, connect: Connect) -> None:
    server.start()

    with pytest.raises(psycopg.OperationalError, match="requirepeer specifies"):
        connect(server, requirepeer="daemon")
    assert (server.places.socket_folder / SOCKET).is_socket()


def test_psql_comes_with_the_server(server: Server) -> None:
    version = subprocess.run([server.psql(), "--version"], capture_output=True, text=True, check=True).stdout

    assert version.startswith("psql (PostgreSQL) ")


def test_psql_of_the_system_serves_where_the_wheel_has_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = Server(folder, package=make_package(folder.parent / "wheel", 18))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedServerError, match="There is no psql here: install"):
        server.psql()

    (tmp_path / "psql").touch(mode=0o755)
    assert server.psql() == tmp_path / "psql"
