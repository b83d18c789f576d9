"""Columns of a file: its checked header row, and the named values of a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loyalty_project.imports.reading import Row, RowReader, UnreadableFileError

# Columns that `--errors` adds before those of a row. A corrected error file is imported with them.
ERROR_COLUMNS = ("error_line", "error_code", "error_message")
IDENTIFIERS = ("mobile", "email", "external_id", "id")


class ColumnsError(Exception):
    """The file has the wrong columns. The text names them, for the user."""


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
        return f"{len(row.cells)} cells where the header has {self.width}"

    def values(self, row: Row) -> dict[str, str]:
        """The cells that are not blank, by column."""
        cells = row.cells
        return {
            column: cells[index]
            for column, index in zip(self.columns, self.indexes, strict=True)
            if cells[index] and not cells[index].isspace()
        }

    def original(self, row: Row) -> list[str]:
        """The cells as they are, even if too few or too many, without those of an error file."""
        if self.width == len(self.columns):
            return list(row.cells)
        kept = set(self.indexes)
        return [cell for index, cell in enumerate(row.cells) if index in kept or index >= self.width]


def read_header(reader: RowReader) -> Header:
    """The first row of a file. Raises `UnreadableFileError` and, for repeated or nameless columns, `ColumnsError`."""
    row = next(reader, None)
    if row is None:
        raise UnreadableFileError("The file is empty: it has no header row.")
    if row.problem:
        raise UnreadableFileError(f"The header row cannot be read: {row.problem}.")
    names = [cell.strip() for cell in row.cells]
    repeated = sorted({name for name in names if name and names.count(name) > 1})
    if repeated:
        raise ColumnsError(f"Columns that are in the header more than once: {', '.join(repeated)}.")
    if "" in names:
        raise ColumnsError(f"Column {names.index('') + 1} has no name.")
    indexes = [index for index, name in enumerate(names) if name not in ERROR_COLUMNS]
    return Header(columns=[names[index] for index in indexes], indexes=indexes, width=len(names))


def check_columns(
    columns: Sequence[str],
    *,
    known: Mapping[str, str],
    required: Sequence[str] = (),
    any_of: Sequence[str] = IDENTIFIERS,
) -> None:
    """Raise `ColumnsError` unless the columns are `known`, with all `required` ones and at least one of `any_of`.

    `known` has "" for each column, or the reason why it cannot be used now.
    """
    problems = []
    unknown = [column for column in columns if column not in known]
    if unknown:
        problems.append(f"unknown {', '.join(unknown)}")
    problems += [f"{column}: {known[column]}" for column in columns if known.get(column)]
    missing = [column for column in required if column not in columns]
    if missing:
        problems.append(f"missing {', '.join(missing)}")
    if any_of and not set(any_of) & set(columns):
        problems.append(f"missing one of {', '.join(any_of)}")
    if problems:
        raise ColumnsError(f"Columns of the file: {'; '.join(problems)}.")
