"""Preparation of the server's folder before a start.

Each step may have been interrupted by a kill before. No process of the server runs, and the caller holds the lock.
"""

import contextlib
import os
import pwd
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from loyalty_project.embedded_postgres import configuration
from loyalty_project.embedded_postgres.accounts import Account
from loyalty_project.embedded_postgres.binaries import Installation
from loyalty_project.embedded_postgres.errors import EmbeddedServerError
from loyalty_project.embedded_postgres.paths import SOCKET, Places

# The owner of the cluster; the application logs in as a role with fewer rights.
SUPERUSER = "postgres"


def make_home(places: Places, account: Account, *, elsewhere: Path) -> None:
    """Create the server's folder; below `elsewhere`, with a message on standard error, if `account` cannot reach it.

    Raises EmbeddedServerError if `account` cannot reach an existing folder, OSError if the folder cannot be created.
    """
    folder = places.folder
    if folder.is_symlink() and not folder.exists():
        raise EmbeddedServerError(f"{folder} points to {places.home}, which is gone: bring it back or remove the link.")
    if not folder.exists():
        if account.can_enter(folder.parent):
            folder.mkdir(mode=0o700)
        else:
            elsewhere.mkdir(parents=True, exist_ok=True)
            elsewhere.chmod(0o711)
            folder.symlink_to(tempfile.mkdtemp(prefix="postgres-", dir=elsewhere))
            sys.stderr.write(f"The user {account.name} cannot reach {folder}: the database is kept in {places.home}\n")
    if account.is_another and places.home.stat().st_uid == os.geteuid():
        places.home.chmod(0o711)
    if not account.can_enter(places.home):
        raise EmbeddedServerError(
            f"The server runs as {account.name}, who cannot reach {places.home}: open the folders above it (chmod o+x),"
            " or set LOYALTY_DATA_DIR to a folder that everybody can pass."
        )


def make_cluster(places: Places, account: Account, *, programs: Installation, claim: int) -> None:
    """Create the cluster if there is none; initdb holds `claim` while it runs. Raises EmbeddedServerError."""
    if places.data.exists():
        return
    if places.draft.exists():
        shutil.rmtree(places.draft)
    places.draft.mkdir(mode=0o700)
    account.own(places.draft)
    # The locale is built into PostgreSQL, so that text is sorted alike on every machine.
    # Relative to the working folder: its path may have characters that the shell commands of initdb and pg_ctl misread.
    done = account.run(
        [
            programs.program("initdb"),
            f"--pgdata={places.draft.name}",
            f"--username={SUPERUSER}",
            "--auth=peer",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
        ],
        cwd=places.home,
        pass_fds=[claim],
    )
    if done.returncode != 0:
        raise EmbeddedServerError(f"PostgreSQL cannot make its data folder in {places.home}: {done.stderr.strip()}")
    places.draft.rename(places.data)
    descriptor = os.open(places.home, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_remains(places: Places, account: Account) -> None:
    """Remove files of a killed server, and create the socket's folder, closed to other users.

    Raises EmbeddedServerError if another server uses the cluster, or the socket's folder belongs to another user.
    """
    if places.pid_file.exists():
        pid = places.pid_file.read_text(encoding="utf-8").partition("\n")[0]
        if working_folder(pid) == places.data:
            raise EmbeddedServerError(f"Another PostgreSQL (process {pid}) uses {places.data}: stop it first.")
        # The process id may be another program's by now, which PostgreSQL would take for its own.
        places.pid_file.unlink()
    folder = places.socket_folder
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {account.uid, os.geteuid()}:
        raise EmbeddedServerError(f"{folder} is not a folder of {account.name}: remove it, or shorten LOYALTY_DATA_DIR.")
    account.own(folder)
    folder.chmod(0o700)
    for name in (SOCKET, f"{SOCKET}.lock"):
        (folder / name).unlink(missing_ok=True)


def write_configuration(places: Places, account: Account) -> None:
    """Write postgresql.conf, pg_hba.conf and pg_ident.conf beside the cluster."""
    rules, users = places.home / "pg_hba.conf", places.home / "pg_ident.conf"
    whole = configuration.server_configuration(socket_folder=places.socket_folder, client_rules=rules, user_map=users)
    _write(places.home / "postgresql.conf", whole, account)
    _write(rules, configuration.client_rules(), account)
    _write(users, configuration.user_map({account.name, pwd.getpwuid(0).pw_name}), account)


def working_folder(pid: str) -> Path | None:
    """The working folder of a process: a server's is its cluster. None if the process is gone or the system has no /proc."""
    try:
        return Path("/proc", pid, "cwd").readlink()
    except OSError:
        return None


def may_be_server(pid: str, places: Places) -> bool:
    """True if the process of a pid file may be stopped. Without /proc the pid file alone decides."""
    folder = working_folder(pid)
    return folder == places.data or (folder is None and working_folder("self") is None)


def processes(places: Places) -> list[int]:
    """Ids of all running processes of the server; none if the system has no /proc."""
    return [
        int(folder.name)
        for folder in Path("/proc").glob("[0-9]*")
        # The name distinguishes them from a shell in that folder.
        if working_folder(folder.name) == places.data and _name(folder) == "postgres"
    ]


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _write(path: Path, text: str, account: Account) -> None:
    # A new file replaces the old one: the write is atomic, and root does not follow a symbolic link.
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(os.fsencode(text))
    account.own(draft)
    draft.replace(path)
