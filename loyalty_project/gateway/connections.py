"""Time limit of connections whose client does not take its answer."""

import socket
import stat
from contextlib import suppress
from os import fstat
from pathlib import Path
from typing import Final

# After this time without any progress the system ends the connection.
STALLED_MILLISECONDS: Final = 30_000
_DESCRIPTORS: Final = Path("/proc/self/fd")


def end_stalled_connections() -> int:
    """Set the limit on this process's listening sockets: connections inherit it. Returns the number of sockets.

    The server has no option for it. Does nothing on systems that are not Linux.
    """
    if not (_DESCRIPTORS.is_dir() and hasattr(socket, "TCP_USER_TIMEOUT")):
        return 0
    changed = 0
    for entry in _DESCRIPTORS.iterdir():
        with suppress(OSError):
            if stat.S_ISSOCK(fstat(int(entry.name)).st_mode):
                changed += _limit(int(entry.name))
    return changed


def _limit(descriptor: int) -> bool:
    with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as copy:
        if not copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
        copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MILLISECONDS)
        return True
