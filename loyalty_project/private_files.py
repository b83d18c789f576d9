"""Files that appear whole or not at all, readable by their owner alone: they hold personal data."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replaced_file(path: Path) -> Iterator[BinaryIO]:
    """Stream to a file of mode 0600, which replaces an older one at the end, only if nothing was raised.

    A device or a pipe is written to. Raises `OSError`.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        # A device or pipe cannot be replaced.
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()
    # mkstemp: a name of its own, mode 0600.
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, no path
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
