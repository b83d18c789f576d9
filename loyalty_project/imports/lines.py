"""Physical lines of a stream, each of bounded length; lines that were read ahead can be put back."""

import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from loyalty_project.imports.sources import CHUNK, UnreadableFileError, reason_of

# Bytes of a line, and of a row that takes several.
LONGEST_LINE: Final = 131_072


@dataclass(frozen=True, slots=True)
class Position:
    """A position between two lines: bytes (uncompressed) and lines before it."""

    offset: int = 0
    lines: int = 0


# The bytes of a line with its end, cut if it is longer than permitted, and its whole length.
Line = tuple[bytes, int]


class PhysicalLines:
    """The lines of a stream. `offset` and `count` are bytes and lines before the next one, `begin` is the first line."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._ahead: deque[Line] = deque()
        self.offset = 0
        self.count = 0
        self.begin = b""

    @property
    def position(self) -> Position:
        """The position before the next line."""
        return Position(self.offset, self.count)

    def seek(self, position: Position) -> None:
        """Continue from the position."""
        self._stream.seek(position.offset)
        self._ahead.clear()
        self.offset, self.count = position.offset, position.lines

    def read(self) -> Line:
        """The next line; empty at the end. Raises `UnreadableFileError` if the stream cannot be read any further."""
        if self._ahead:
            line = self._ahead.popleft()
        else:
            raw = self._readline(LONGEST_LINE + 1)
            line = raw, len(raw) if len(raw) <= LONGEST_LINE or raw.endswith(b"\n") else len(raw) + self._skip()
        self.begin = line[0] if not self.offset else self.begin
        self.offset += line[1]
        self.count += bool(line[1])
        return line

    def put_back(self, lines: Sequence[Line]) -> None:
        """Read these lines, the last ones read, again."""
        self._ahead.extendleft(reversed(lines))
        self.offset -= sum(length for _, length in lines)
        self.count -= len(lines)

    def sample(self, size: int) -> bytes:
        """Up to `size` further bytes. The lines cannot be read after it."""
        return self._stream.read(size)

    def _skip(self) -> int:
        """Skip the rest of a line; its length."""
        skipped = 0
        while part := self._readline(CHUNK):
            skipped += len(part)
            if part.endswith(b"\n"):
                break
        return skipped

    def _readline(self, limit: int) -> bytes:
        try:
            return self._stream.readline(limit)
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFileError(f"The file cannot be read any further: {reason_of(error)}.") from error
