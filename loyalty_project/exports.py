"""Export files in CSV or JSON lines: written whole or not at all, readable by their owner alone (docs/imports.md)."""

import csv
import gzip
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Literal, TextIO

import orjson

from loyalty_project.formulas import marked, marked_if_ambiguous
from loyalty_project.private_files import replaced_file

STANDARD_OUTPUT: Final = "-"
Format = Literal["csv", "jsonl"]
WriteRow = Callable[[Sequence[str]], object]


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
    with replaced_file(Path(path)) as file, _text(file, compressed=path.endswith(".gz")) as text:
        yield text


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


def row_writer(text: TextIO, columns: Sequence[str], *, format_: Format, keeps_formulas: bool = False) -> WriteRow:
    """Function that writes a row of cells: CSV (RFC 4180) with its header, or one JSON object a line with null for blanks.

    In CSV, cells that a spreadsheet would take for formulas get an apostrophe before them, unless `keeps_formulas`.
    """
    if format_ == "csv":
        mark = marked_if_ambiguous if keeps_formulas else marked
        # Its line end, CR LF, is also what makes it quote cells with either of the two.
        writer = csv.writer(text)
        writer.writerow(columns)
        return lambda cells: writer.writerow([mark(cell) if cell else cell for cell in cells])
    return lambda cells: text.write(
        orjson.dumps({name: cell or None for name, cell in zip(columns, cells, strict=True)}).decode() + "\n"
    )
