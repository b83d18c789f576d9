"""Rows of a CSV file as a stream, each with its line and position; malformed rows are reported, not raised.

UTF-8 with or without byte order mark, quoted as in RFC 4180. A quoted cell may hold line breaks in free-text columns only, over
at most `MOST_LINES` lines. A row that breaks these rules ends with its first physical line: reading goes on at the next one.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from loyalty_project.imports.lines import LONGEST_LINE, Line, PhysicalLines, Position

MOST_LINES: Final = 64
# Characters. The longest cell that spreadsheets have.
LONGEST_CELL: Final = 32_767
_QUOTE: Final = '"'
_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `line` is the physical line on which it starts, `end` the position after it.

    `raw` is the row as the file has it, without its line end, with bytes that are not UTF-8 as lone surrogates (PEP 383); blank
    if it is too long to be kept. `problem` is the reason why the row cannot be read, or ""; it has no cells then.
    """

    line: int
    cells: Sequence[str]
    end: Position
    raw: str
    problem: str = ""


class RowReader:
    """The rows of a stream. Empty lines are skipped.

    `columns` are the names of the header, "" for those that are not known yet; `free_text` are those that may hold line breaks.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.lines = PhysicalLines(stream)
        self.columns: Sequence[str] = ()
        self.free_text: Collection[str] = ()

    @property
    def position(self) -> Position:
        """The position after the last row."""
        return self.lines.position

    def seek(self, position: Position) -> None:
        """Continue from the position."""
        self.lines.seek(position)

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        """The next row. Raises `UnreadableFileError` if the file cannot be read any further."""
        lines = self.lines
        while True:
            line = lines.read()
            raw, length = line
            if not length:
                raise StopIteration
            if length == len(raw) <= LONGEST_LINE:
                if raw not in (b"\n", b"\r\n"):
                    return self._row(line)
            else:
                problem = f"the line has {length} bytes; write at most {LONGEST_LINE}"
                return Row(lines.count, (), lines.position, "", problem)

    def _row(self, line: Line) -> Row:
        number = self.lines.count
        raw = line[0].removeprefix(_MARK) if number == 1 else line[0]
        text, problem = _decode(raw)
        text = _without_end(text)
        cells: Sequence[str] = ()
        try:
            if _QUOTE in text:
                cells, text, problem = self._quoted_cells(text, raw, problem)
            elif "\r" in text:
                raise _MalformedError(_STRAY_CR)
            else:
                cells = text.split(",")
        except _MalformedError as error:
            problem = str(error)
        problem = problem or _unusable(text, cells)
        return Row(number, () if problem else cells, self.lines.position, text, problem)

    def _quoted_cells(self, text: str, raw: bytes, problem: str) -> tuple[list[str], str, str]:
        """The cells of a row with quotes, its text, which may take further lines, and its problem.

        Raises `_MalformedError`; the lines behind the first are put back then.
        """
        cutter = _Cutter(self, text, raw, problem)
        try:
            return cutter.cut(), cutter.text, cutter.problem
        except _MalformedError:
            self.lines.put_back(cutter.further)
            raise

    def name_of(self, index: int) -> str:
        """The name of a column, for messages."""
        return self.columns[index] if index < len(self.columns) else f"column {index + 1}"


class _MalformedError(Exception):
    """The row cannot be cut into cells. The text has the reason."""


_STRAY_CR: Final = "the row has a carriage return inside of a line"


class _Cutter:
    """Cuts the text of a row into cells, and reads further lines as long as a free-text cell is open."""

    def __init__(self, reader: RowReader, text: str, raw: bytes, problem: str) -> None:
        self._reader = reader
        self._raw = raw
        self.text = text
        self.problem = problem
        self.further: list[Line] = []

    def cut(self) -> list[str]:
        """The cells, without their quotes. Raises `_MalformedError`."""
        cells: list[str] = []
        at = 0
        while True:
            if self.text.startswith(_QUOTE, at):
                start = at + 1
                at = self._closing_quote(start, len(cells)) + 1
                if at < len(self.text) and self.text[at] != ",":
                    raise _MalformedError(f"{self._name(cells)}: text follows the closing quote")
                cell = self.text[start : at - 1].replace('""', _QUOTE)
                if "\r" in cell and not self._is_free(len(cells)):
                    raise _MalformedError(f"{self._name(cells)}: the cell has a carriage return")
            else:
                start, at = at, self.text.find(",", at)
                at = len(self.text) if at < 0 else at
                cell = self.text[start:at]
                if "\r" in cell:
                    raise _MalformedError(_STRAY_CR)
            cells.append(cell)
            if at == len(self.text):
                break
            at += 1
        if self.further and len(cells) != len(self._reader.columns):
            raise _MalformedError(f"the quote that opens here closes in another row, {len(self.further)} lines below")
        return cells

    def _closing_quote(self, start: int, index: int) -> int:
        """Index of the quote that closes a cell; its text begins at `start`."""
        while (at := closing_quote(self.text, start)) < 0:
            self._read_on(index)
        return at

    def _read_on(self, index: int) -> None:
        """Take the next line to the row, as the cell at `index` is still open at the end of this one."""
        if not self._is_free(index):
            raise _MalformedError(f"{self._reader.name_of(index)}: the quote is not closed on its line")
        if len(self.further) + 1 >= MOST_LINES:
            raise _MalformedError(f"{self._reader.name_of(index)}: the quote is not closed within {MOST_LINES} lines")
        line = self._reader.lines.read()
        raw, length = line
        if not length:
            raise _MalformedError(f"{self._reader.name_of(index)}: the quote is not closed before the end of the file")
        self.further.append(line)
        self._raw += raw
        if len(self._raw) > LONGEST_LINE:
            raise _MalformedError(f"{self._reader.name_of(index)}: the quote is not closed within {LONGEST_LINE} bytes")
        text, self.problem = _decode(self._raw)
        self.text = _without_end(text)

    def _is_free(self, index: int) -> bool:
        return self._reader.name_of(index) in self._reader.free_text

    def _name(self, cells: Sequence[str]) -> str:
        return self._reader.name_of(len(cells))


def closing_quote(text: str, start: int) -> int:
    """Index of the first quote from `start` on that is not doubled; -1 if there is none."""
    at = text.find(_QUOTE, start)
    while at >= 0 and text.startswith(_QUOTE, at + 1):
        at = text.find(_QUOTE, at + 2)
    return at


def raw_cells(text: str) -> list[str]:
    """The cells of a row as they are written, quotes included; the rest of a row that is malformed is one cell."""
    cells: list[str] = []
    at = 0
    while True:
        behind_quotes = closing_quote(text, at + 1) if text.startswith(_QUOTE, at) else at
        end = text.find(",", behind_quotes) if behind_quotes >= 0 else -1
        if end < 0:
            return [*cells, text[at:]]
        cells.append(text[at:end])
        at = end + 1


def unquoted(cell: str) -> str:
    """A cell of `raw_cells` without its quotes; the rest of a malformed row as it is."""
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == _QUOTE
    return cell[1:-1].replace('""', _QUOTE) if is_quoted else cell


def _decode(raw: bytes) -> tuple[str, str]:
    """The text of a row, and its problem, or ""."""
    try:
        return raw.decode(), ""
    except UnicodeDecodeError:
        return raw.decode(errors="surrogateescape"), "the row has a byte that is not UTF-8; save the file as UTF-8"


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _unusable(text: str, cells: Sequence[str]) -> str:
    """The reason why the text of a row cannot be used, or ""."""
    if "\x00" in text:
        return "the row has a NUL character"
    if len(text) > LONGEST_CELL and (longest := max(map(len, cells), default=0)) > LONGEST_CELL:
        return f"a cell has {longest} characters; write at most {LONGEST_CELL}"
    return ""
