"""Rows of a CSV file as a stream, each with its line and position; malformed rows are reported, not raised.

UTF-8 with or without byte order mark, quoted as in RFC 4180; `-` is standard input, and a `.gz` file is decompressed. A row
takes at most `LONGEST_ROW` bytes of memory, even if a quote is never closed.
"""

import csv
import gzip
import hashlib
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

STANDARD_INPUT = "-"
# Also the longest cell that the csv module accepts.
LONGEST_ROW = 131_072
_CHUNK = 1 << 20
_QUOTE = b'"'


class UnreadableFileError(Exception):
    """The file cannot be read. The text has the reason, for the user."""


@dataclass(frozen=True, slots=True)
class Position:
    """A position between two rows: bytes (uncompressed) and lines before it."""

    offset: int = 0
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """An open file. `sha256` is empty if it can be read only once; `size` (bytes, uncompressed) is None if unknown."""

    name: str
    stream: BinaryIO
    sha256: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `line` is the physical line on which it starts, `end` the position after it.

    `problem` is the reason why the row cannot be read, or "". Its cells are then as close to the file as possible, with bytes
    that are not UTF-8 as lone surrogates (PEP 383).
    """

    line: int
    cells: Sequence[str]
    end: Position
    problem: str = ""


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
            raise UnreadableFileError(f"{path} cannot be read: {_reason(error)}.") from error
        yield source


def _prepare(path: str, file: io.BufferedReader) -> Source:
    compressed = path.endswith(".gz")
    # A GzipFile is slow line by line, and has all that a buffer needs of a raw stream.
    stream: BinaryIO = io.BufferedReader(gzip.GzipFile(fileobj=file), _CHUNK) if compressed else file
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
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
    return length


class RowReader:
    """The rows of a stream. Empty lines are skipped."""

    def __init__(self, stream: BinaryIO) -> None:
        self._lines = _Lines(stream)
        self._records = csv.reader(self._lines, strict=True)

    @property
    def position(self) -> Position:
        """The position after the last row."""
        return self._lines.position

    def seek(self, position: Position) -> None:
        """Continue from the position."""
        self._lines.seek(position)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        """The next row. Raises `UnreadableFileError` if the file cannot be read any further."""
        while True:
            self._lines.begin_row()
            line, problem = self._lines.count + 1, ""
            try:
                cells = next(self._records)
            except _TooLongError:
                cells, problem = [], f"longer than {LONGEST_ROW} bytes"
            except csv.Error as error:
                cells, problem = ["".join(self._lines.of_row).rstrip("\r\n")], str(error)
            if not cells and not problem:
                continue
            return Row(line, cells, self._lines.position, problem or self._lines.problem_of_row)


class _TooLongError(Exception):
    """A row is longer than `LONGEST_ROW`; the stream is at its end."""


class _Lines:
    """The physical lines of a stream, for the csv module, which reads as many as a row has."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._offset = 0
        self.count = 0
        self.begin_row()

    def seek(self, position: Position) -> None:
        self._stream.seek(position.offset)
        self._offset, self.count = position.offset, position.lines

    @property
    def position(self) -> Position:
        return Position(self._offset, self.count)

    def begin_row(self) -> None:
        self.of_row: list[str] = []
        self.problem_of_row = ""
        self._size = 0
        self._is_quoted = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._read(LONGEST_ROW + 1 - self._size)
        if not raw:
            raise StopIteration
        if self._size > LONGEST_ROW:
            self._skip_row(raw)
            raise _TooLongError
        try:
            line = raw.decode()
        except UnicodeDecodeError:
            line, self.problem_of_row = raw.decode(errors="surrogateescape"), "not UTF-8"
        if "\x00" in line:
            self.problem_of_row = "a NUL character"
        if self._offset == len(raw):
            line = line.removeprefix("\ufeff")
        self.of_row.append(line)
        return line

    def _read(self, limit: int) -> bytes:
        try:
            raw = self._stream.readline(limit)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFileError(f"The file cannot be read any further: {_reason(error)}.") from error
        self._offset += len(raw)
        self._size += len(raw)
        self.count += raw.endswith(b"\n")
        self._is_quoted ^= raw.count(_QUOTE) % 2 == 1
        return raw

    def _skip_row(self, raw: bytes) -> None:
        """Skip to the end of the row: the first line end outside of quotes."""
        while raw and not (raw.endswith(b"\n") and not self._is_quoted):
            raw = self._read(_CHUNK)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
