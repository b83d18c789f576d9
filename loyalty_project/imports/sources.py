"""Opening a file to import: plain, compressed (`.gz`) or standard input (`-`).

A compressed file is decompressed piece by piece, so that memory does not grow with what it comes to.
"""

import gzip
import hashlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

STANDARD_INPUT: Final = "-"
CHUNK: Final = 1 << 20


class UnreadableFileError(Exception):
    """The file cannot be read. The text has the reason, for the user."""


@dataclass(frozen=True, slots=True)
class Source:
    """An open file. `sha256` is empty if it can be read only once; `size` (bytes, uncompressed) is None if unknown."""

    name: str
    stream: BinaryIO
    sha256: str = ""
    size: int | None = None


@contextmanager
def open_source(path: str) -> Iterator[Source]:
    """Open the file; a compressed one is checked to its end. Raises `UnreadableFileError`."""
    if path == STANDARD_INPUT:
        yield Source(name="standard input", stream=sys.stdin.buffer)
        return
    with ExitStack() as closing:
        try:
            file = closing.enter_context(Path(path).open("rb"))
            source = _prepare(path, file)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise UnreadableFileError(f"{path} cannot be read: {reason_of(error)}.") from error
        yield source


def reason_of(error: Exception) -> str:
    """The reason of a failed read, for the user."""
    return getattr(error, "strerror", None) or str(error)


def _prepare(path: str, file: io.BufferedReader) -> Source:
    compressed = path.endswith(".gz")
    # A GzipFile is slow line by line, and has all that a buffer needs of a raw stream.
    stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=file), CHUNK) if compressed else file
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return Source(name=path, stream=stream)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    size = _length(stream) if compressed else file.seek(0, io.SEEK_END)
    stream.seek(0)
    return Source(name=path, stream=stream, sha256=digest, size=size)


def _length(stream: BinaryIO) -> int:
    """Length of a stream, read to its end. This also checks that compressed data are complete."""
    length = 0
    while chunk := stream.read(CHUNK):
        length += len(chunk)
    return length
