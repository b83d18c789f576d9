"""How does a file with many records leave? Whole or not at all, for its owner alone, as CSV or JSON lines (docs/imports.md)."""

import csv
import gzip
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Literal, TextIO

import orjson

STANDARD_OUTPUT: Final = "-"
Format = Literal["csv", "jsonl"]
WriteRow = Callable[[Sequence[str]], object]
# What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def open_target(path: str) -> Iterator[TextIO]:
    """What to write the file's text to, UTF-8; compressed where `path` ends with .gz, `-` is standard output.

    The file takes the place of an older one at the end, and only if nothing was raised. Nobody but its owner may read it.
    Raises `OSError`.
    """
    if path == STANDARD_OUTPUT:
        with _text(sys.stdout.buffer) as text:
            yield text
        # What cannot be written is to be told now, not when the process ends.
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    compressed = path.endswith(".gz")
    if target.exists() and not target.is_file() and not target.is_dir():
        # A device or pipe cannot be replaced, only written to.
        with target.open("wb") as file, _text(file, compressed=compressed) as text:
            yield text
        return
    target = target.resolve()
    # mkstemp: a name of its own, mode 0600.
    descriptor, draft = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, no path
            with _text(file, compressed=compressed) as text:
                yield text
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


@contextmanager
def _text(file: BinaryIO, *, compressed: bool = False) -> Iterator[TextIO]:
    """Text over bytes, whose file stays open."""
    with ExitStack() as closing:
        stream = closing.enter_context(gzip.GzipFile(fileobj=file, mode="wb")) if compressed else file
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()


def row_writer(text: TextIO, columns: Sequence[str], *, format_: Format) -> WriteRow:
    """What writes a row of cells: CSV as in RFC 4180, with its header, or an object a line whose blank cells are null."""
    if format_ == "csv":
        # Its line end, CR LF, is also what makes it quote cells with either of the two.
        writer = csv.writer(text)
        writer.writerow(columns)
        return writer.writerow
    return lambda cells: text.write(
        orjson.dumps({name: cell or None for name, cell in zip(columns, cells, strict=True)}).decode() + "\n"
    )


def looks_like_formula(cell: str) -> bool:
    """Whether a spreadsheet would run the cell instead of showing it."""
    return cell.startswith(_FORMULA)
