import contextlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_project.embedded_postgres.accounts import account_for
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from tests.loyalty_project.embedded_postgres.conftest import root_only

DAEMON = pwd.getpwnam("daemon").pw_uid
NAMELESS = 54_321


@contextlib.contextmanager
def acting_as(uid: int) -> Iterator[None]:
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root never runs the server itself")
def test_ordinary_user_runs_the_server(tmp_path: Path) -> None:
    account = account_for(tmp_path / "postgres")

    assert account.uid == os.geteuid()
    assert not account.is_another


@root_only
def test_root_runs_new_folders_as_the_account_nobody(folder: Path) -> None:
    assert account_for(folder).name == "nobody"
    folder.mkdir()
    assert account_for(folder).name == "nobody"


@root_only
def test_folder_that_belongs_to_a_user_is_served_by_that_user(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, DAEMON, -1)

    assert account_for(folder).name == "daemon"
    with acting_as(DAEMON):
        assert not account_for(folder).is_another


@root_only
def test_a_folder_of_another_user_is_refused_with_advice(folder: Path) -> None:
    folder.mkdir()

    with acting_as(DAEMON), pytest.raises(EmbeddedServerError, match="belongs to root: run this as that user or as root"):
        account_for(folder)
    os.chown(folder, NAMELESS, -1)
    with acting_as(DAEMON), pytest.raises(EmbeddedServerError, match=f"belongs to user id {NAMELESS}:"):
        account_for(folder)


@root_only
def test_a_nameless_user_is_refused_with_the_reason(folder: Path) -> None:
    folder.mkdir()
    os.chown(folder, NAMELESS, -1)

    with pytest.raises(EmbeddedServerError, match=f"User id {NAMELESS} has no entry in /etc/passwd"):
        account_for(folder)


@root_only
def test_command_runs_as_the_user_with_a_bare_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    account = account_for(folder)

    output = account.run(["/bin/sh", "-c", "id -u; id -G; echo ${PGPORT-none}; umask; pwd"], cwd=folder.parent)

    assert output.stdout.split() == [str(account.uid), str(account.gid), "none", "0077", str(folder.parent)]


@root_only
def test_user_cannot_enter_below_a_closed_folder(folder: Path) -> None:
    (folder / "inner").mkdir(parents=True)
    assert account_for(folder).can_enter(folder / "inner")
    folder.chmod(0o700)
    assert not account_for(folder).can_enter(folder / "inner")
