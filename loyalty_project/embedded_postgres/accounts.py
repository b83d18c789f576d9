"""Operating system user of the embedded server. PostgreSQL refuses root, so root starts it as an unprivileged user."""

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from loyalty_project.embedded_postgres.errors import EmbeddedServerError

UNPRIVILEGED_USER = "nobody"


@dataclass(frozen=True)
class Account:
    """A user of this machine, the owner of the server's files and processes."""

    name: str
    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """True if this is not the current user. Only root may act for another user."""
        return self.uid != os.geteuid()

    def run(
        self, command: Iterable[str | Path], *, cwd: Path | None = None, pass_fds: Iterable[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user and wait. The caller checks the exit status.

        The environment is empty, because variables like PGPORT and PGDATA would configure the server. Raises OSError
        if this user cannot execute the program.
        """
        return subprocess.run(  # noqa: S603 - programs and arguments are this package's own
            [str(part) for part in command],
            cwd=cwd or "/",
            pass_fds=tuple(pass_fds),
            env={"LC_ALL": "C", "PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            umask=0o077,
            user=self.uid if self.is_another else None,
            group=self.gid if self.is_another else None,
            extra_groups=[] if self.is_another else None,
        )

    def can_enter(self, folder: Path) -> bool:
        """True if this user may enter `folder` and all folders above it."""
        return not self.is_another or self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", folder]).returncode == 0

    def own(self, path: Path) -> None:
        """Make this user the owner of `path`. A symbolic link is not followed."""
        if self.is_another:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(folder: Path) -> Account:
    """The user who runs the server of `folder`: the current user; for root the folder's owner, or `nobody` if that is root.

    Raises EmbeddedServerError if the folder belongs to another user, or the user has no name.
    """
    uid = os.geteuid()
    owner = folder.stat().st_uid if folder.exists() else uid
    if owner != uid:
        if uid != 0:
            raise EmbeddedServerError(
                f"{folder} belongs to {_name_of(owner)}: run this as that user or as root, or set LOYALTY_DATA_DIR to a"
                " folder of your own."
            )
        uid = owner
    try:
        entry = pwd.getpwuid(uid) if uid != 0 else pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as error:
        who = f"User id {uid}" if uid != 0 else f"The user {UNPRIVILEGED_USER}, who runs the server for root,"
        raise EmbeddedServerError(f"{who} has no entry in /etc/passwd, which PostgreSQL needs.") from error
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"
