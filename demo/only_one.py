"""One demo at a time in a data folder: its processes and its database are shared otherwise, and one would stop the other's."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DemoRunsError(Exception):
    """A demo runs in the folder already; the message says which."""


@contextmanager
def only_demo(folder: Path, url: str) -> Iterator[None]:
    """Keep other demos out of the folder inside. Raises `DemoRunsError` if one runs there.

    The lock ends with the process, however that ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process, _, address = os.read(descriptor, 1000).decode(errors="replace").partition(" ")
            raise DemoRunsError(
                f"A demo runs already in {folder}: process {process} serves {address.strip()}. Open that one, end it by Ctrl-C"
                f" or kill {process}, or set LOYALTY_DATA_DIR to another folder for a second one."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()} {url}\n".encode())
        yield
    finally:
        os.close(descriptor)
