"""Rows of imports about a person who is erased: rejected rows of unfinished runs, uploaded files, and error files."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from loyalty_project.imports.reading import RowReader, raw_cells, unquoted
from loyalty_project.private_files import replaced_file
from organizations.imports.files import files_of, is_upload
from organizations.imports.models import RejectedRow

_CHUNK: Final = 1000
# A number as people write it, and how many digits make one that identifies a person.
_NUMBER: Final = re.compile(r"[+(]?[\d\s().-]+", re.ASCII)
_FEWEST_DIGITS: Final = 7
_BLANK: Final = ord(" ")


def names_person(cells: Sequence[str], values: Sequence[str]) -> bool:
    """True if a cell is one of the values that identify a person, ignoring case, or ends one that is a number."""
    known = {value.lower() for value in values}
    numbers = [value for value in values if value.isascii() and value.isdigit()]
    return any(cell.strip().lower() in known or _ends_one(cell.strip(), numbers) for cell in cells)


def _ends_one(cell: str, numbers: Sequence[str]) -> bool:
    digits = re.sub(r"\D", "", cell).lstrip("0") if _NUMBER.fullmatch(cell) else ""
    return len(digits) >= _FEWEST_DIGITS and any(number.endswith(digits) for number in numbers)


def empty_rejected_rows(values: Sequence[str]) -> int:
    """Empty the rejected rows of unfinished runs that name the person. Returns their number. Call it in a transaction."""
    named = [row.pk for row in RejectedRow.objects.iterator(_CHUNK) if _names_person(row, values)]
    return RejectedRow.objects.filter(pk__in=named).update(cells=json.dumps(""), detail="")


def _names_person(row: RejectedRow, values: Sequence[str]) -> bool:
    came = json.loads(row.cells)
    if not isinstance(came, str):
        return names_person(came, values)
    # Rows with quotes or line breaks may be malformed: a value may stand anywhere in them.
    may_be_malformed = '"' in came or "\r" in came
    return names_person([unquoted(cell) for cell in raw_cells(came)], values) or (may_be_malformed and _stands_in(came, values))


def drop_rows(path: Path, values: Sequence[str]) -> int:
    """Write the CSV file again without the rows that name the person. Returns their number. Raises `OSError`.

    A row that cannot be cut into cells is dropped if a value stands anywhere in it.
    """
    dropped = 0
    with path.open("rb") as stream, replaced_file(path) as kept:
        for row in RowReader(stream):
            if names_person(row.cells, values) if row.cells else _stands_in(row.raw, values):
                dropped += 1
            else:
                kept.write(f"{row.raw}\n".encode(errors="surrogateescape"))
    return dropped


def empty_files(organization_id: int, values: Sequence[str]) -> int:
    """Take the rows that name the person out of all files of imports of an organization. Returns their number.

    In a file that is still to be imported they become blanks of the same length: an import that is under way finds its place,
    and refuses the row. Raises `OSError`.
    """
    return sum(blank_rows(path, values) if is_upload(path) else drop_rows(path, values) for path in files_of(organization_id))


def blank_rows(path: Path, values: Sequence[str]) -> int:
    """Write blanks over the rows of a CSV file that name the person, in place. Returns their number. Raises `OSError`."""
    blanked = 0
    with path.open("r+b") as stream, path.open("r+b") as writer:
        start = 0
        for row in RowReader(stream):
            if row.line > 1 and (names_person(row.cells, values) if row.cells else _stands_in(row.raw, values)):
                writer.seek(start)
                old = writer.read(row.end.offset - start)
                writer.seek(start)
                writer.write(bytes(byte if byte in b"\r\n" else _BLANK for byte in old))
                blanked += 1
            start = row.end.offset
    return blanked


def _stands_in(text: str, values: Sequence[str]) -> bool:
    folded = text.lower()
    return any(value.lower() in folded for value in values)
