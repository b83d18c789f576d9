"""Columns of a file: its checked header row, and the named values of a row."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loyalty_project.formulas import unmarked
from loyalty_project.imports.cells import reason
from loyalty_project.imports.reading import Row, RowReader, raw_cells
from loyalty_project.imports.shapes import foreign_format
from loyalty_project.imports.sources import UnreadableFileError
from loyalty_project.protocol.codes import CodeTable

# Columns that `--errors` adds before those of a row. A corrected error file is imported with them.
ERROR_COLUMNS: Final = ("error_line", "error_code", "error_message", "error_detail")
IDENTIFIERS: Final = ("mobile", "email", "external_id", "id")
# What a spreadsheet makes of a long number, or of one that was kept as text.
_DAMAGED: Final = re.compile(r"'.*|[+-]?\d+(?:[.,]\d+)?E\+\d+", re.IGNORECASE | re.ASCII | re.DOTALL)
# Exports write digits only, which need no mark.
_NEVER_MARKED: Final = frozenset({"mobile", "id"})
_SAMPLE: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FileColumns:
    """The columns that a file may have, in the order of the documentation; all `required` ones, and one of `any_of`.

    `prefixes` are the beginnings of columns that may have any name.
    """

    known: Sequence[str]
    required: Sequence[str] = ()
    any_of: Sequence[str] = ()
    prefixes: Sequence[str] = ()


class ColumnsError(Exception):
    """The file has the wrong columns. The text names them, for the user; `expected` are the right ones, if they are known."""

    def __init__(self, message: str, *, expected: FileColumns | None = None) -> None:
        super().__init__(message)
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Header:
    """The header row: the names without those of an error file, their indexes, and the number of all cells (`width`)."""

    columns: Sequence[str]
    indexes: Sequence[int]
    width: int

    def problem(self, row: Row) -> str:
        """The reason why the row cannot be processed, or ""."""
        if row.problem or len(row.cells) == self.width:
            return row.problem
        return f"the row has {len(row.cells)} cells, the header has {self.width}"

    def values(self, row: Row) -> dict[str, str]:
        """The cells that are not blank, by column, without the marks that exports put before formulas."""
        cells = row.cells
        values = {
            column: cells[index]
            for column, index in zip(self.columns, self.indexes, strict=True)
            if cells[index] and not cells[index].isspace()
        }
        if "'" in row.raw:
            for column, cell in values.items():
                if cell[0] == "'" and column not in _NEVER_MARKED:
                    values[column] = unmarked(cell)
        return values

    def damage(self, row: Row, values: Mapping[str, str], codes: Collection[str]) -> str:
        """The reason why a cell of the columns `codes` is not what it was before a spreadsheet changed it, or ""."""
        # Looked for in the whole row first: most rows have neither.
        if "'" in row.raw or "E+" in row.raw or "e+" in row.raw:
            for column in codes:
                if is_damaged(value := values.get(column, "").strip()):
                    return reason(column, value, "is what a spreadsheet has made of it; write all its characters, as text")
        return ""

    def original(self, row: Row) -> str:
        """The row as the file has it, without the cells of an error file."""
        if self.width == len(self.columns):
            return row.raw
        kept = set(self.indexes)
        return ",".join(cell for index, cell in enumerate(raw_cells(row.raw)) if index in kept or index >= self.width)


def is_damaged(code: str) -> bool:
    """True if a spreadsheet has changed this code of letters and digits: `4.00011E+15`, `'00017`."""
    return _DAMAGED.fullmatch(code) is not None


def read_header_row(reader: RowReader) -> Row:
    """The first row of a file. Raises `UnreadableFileError` if it is none, or not that of a CSV file."""
    row = next(reader, None)
    if row is None:
        raise UnreadableFileError("The file is empty: it has no header row.")
    begin = reader.lines.begin
    if format_ := foreign_format(begin) and foreign_format(begin + reader.lines.sample(_SAMPLE)):
        raise UnreadableFileError(format_)
    if row.problem:
        raise UnreadableFileError(f"The header row cannot be read: {row.problem}.")
    return row


def header_of(cells: Sequence[str]) -> Header:
    """The header that these cells are. Raises `ColumnsError` for repeated or nameless columns."""
    names = [cell.strip() for cell in cells]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise ColumnsError(f"Columns that are in the header more than once: {', '.join(repeated)}.")
    if "" in names:
        raise ColumnsError(f"Column {names.index('') + 1} has no name.")
    indexes = [index for index, name in enumerate(names) if name not in ERROR_COLUMNS]
    return Header(columns=[names[index] for index in indexes], indexes=indexes, width=len(names))


def mapped_header(columns: Sequence[str]) -> Header:
    """The header of a file whose cells are these columns of ours, in the order of the file; "" for a cell that is left out.

    Raises `ColumnsError` if two cells are the same column.
    """
    repeated = sorted({column for column in columns if column and columns.count(column) > 1})
    if repeated:
        raise ColumnsError(f"Chosen for more than one column of the file: {', '.join(repeated)}.")
    indexes = [index for index, column in enumerate(columns) if column]
    return Header(columns=[columns[index] for index in indexes], indexes=indexes, width=len(columns))


def general_detail(code: CodeTable, values: Mapping[str, str]) -> str:
    """A sentence on a row that is rejected for no single cell: its identifiers, and the sentence of the code."""
    named = next((column for column in IDENTIFIERS if column in values), "")
    return reason(named, values[named], f"is refused: {code.sentence}") if named else code.sentence


def check_columns(
    columns: Sequence[str],
    *,
    known: Mapping[str, str],
    required: Sequence[str] = (),
    any_of: Sequence[str] = IDENTIFIERS,
    prefixes: Sequence[str] = (),
) -> None:
    """Raise `ColumnsError` unless the columns are `known`, with all `required` ones and at least one of `any_of`.

    `known` has "" for each column, or the reason why it cannot be used now. Columns that begin with one of `prefixes` are
    known as well.
    """
    problems = []
    free = tuple(prefixes)
    unknown = [column for column in columns if column not in known and (not column.startswith(free) or column in free)]
    if unknown:
        problems.append(f"unknown {', '.join(unknown)}")
    problems += [f"{column}: {known[column]}" for column in columns if known.get(column)]
    missing = [column for column in required if column not in columns]
    if missing:
        problems.append(f"missing {', '.join(missing)}")
    if any_of and not set(any_of) & set(columns):
        problems.append(f"missing one of {', '.join(any_of)}")
    if problems:
        usable = [column for column, reason_ in known.items() if not reason_]
        expected = FileColumns(known=usable, required=required, any_of=any_of, prefixes=free)
        raise ColumnsError(f"Columns of the file: {'; '.join(problems)}.", expected=expected)
