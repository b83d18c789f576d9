"""Export files in CSV or JSON lines: written whole or not at all, readable by their owner alone (docs/imports.md)."""

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
# Characters that start a formula in spreadsheets.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@contextmanager
def open_target(path: str) -> Iterator[TextIO]:
    """Text stream to the file, UTF-8; compressed if `path` ends with .gz; `-` is standard output.

    The file replaces an older one at the end, only if nothing was raised. Its mode is 0600. Raises `OSError`.
    """
    if path == STANDARD_OUTPUT:
        with _text(sys.stdout.buffer) as text:
            yield text
        # A write error must show now, not when the process ends.
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
    """Text stream over a binary file, which stays open."""
    with ExitStack() as closing:
        stream = closing.enter_context(gzip.GzipFile(fileobj=file, mode="wb")) if compressed else file
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()


def row_writer(text: TextIO, columns: Sequence[str], *, format_: Format) -> WriteRow:
    """Function that writes a row of cells: CSV (RFC 4180) with its header, or one JSON object a line with null for blanks."""
    if format_ == "csv":
        # Its line end, CR LF, is also what makes it quote cells with either of the two.
        writer = csv.writer(text)
        writer.writerow(columns)
        return writer.writerow
    return lambda cells: text.write(
        orjson.dumps({name: cell or None for name, cell in zip(columns, cells, strict=True)}).decode() + "\n"
    )


def looks_like_formula(cell: str) -> bool:
    """True if a spreadsheet would evaluate the cell instead of showing it."""
    return cell.startswith(_FORMULA)
