"""Which columns does a file have? Its header row, checked, and how a row's cells become named values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loyalty_project.imports.reading import Row, RowReader, UnreadableFileError

# What `--errors` puts in front of a row, so that a mended error file can be imported as it is.
ERROR_COLUMNS = ("error_line", "error_code", "error_message")
IDENTIFIERS = ("mobile", "email", "external_id", "id")


class ColumnsError(Exception):
    """The columns are not those of such a file; the text says which, for whoever started the import."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row. `columns` are the names without those of an error file, `places` where they stand among `width` cells."""

    columns: Sequence[str]
    places: Sequence[int]
    width: int

    def problem(self, row: Row) -> str:
        """Why the row cannot be worked, "" if it can."""
        if row.problem or len(row.cells) == self.width:
            return row.problem
        return f"{len(row.cells)} cells where the header has {self.width}"

    def values(self, row: Row) -> dict[str, str]:
        """The cells that are not blank, by column."""
        cells = row.cells
        return {
            column: cells[place]
            for column, place in zip(self.columns, self.places, strict=True)
            if cells[place] and not cells[place].isspace()
        }

    def original(self, row: Row) -> list[str]:
        """The cells as they are, too few or too many, without those of an error file."""
        if self.width == len(self.columns):
            return list(row.cells)
        kept = set(self.places)
        return [cell for place, cell in enumerate(row.cells) if place in kept or place >= self.width]


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
        raise ColumnsError(f"Columns that stand in the header more than once: {', '.join(repeated)}.")
    if "" in names:
        raise ColumnsError(f"Column {names.index('') + 1} has no name.")
    places = [place for place, name in enumerate(names) if name not in ERROR_COLUMNS]
    return Header(columns=[names[place] for place in places], places=places, width=len(names))


def check_columns(
    columns: Sequence[str],
    *,
    known: Mapping[str, str],
    required: Sequence[str] = (),
    any_of: Sequence[str] = IDENTIFIERS,
) -> None:
    """Whether the columns are `known`, all `required` are there, and at least one of `any_of`; else `ColumnsError`.

    `known` gives each known column "", or why it cannot be used now.
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
