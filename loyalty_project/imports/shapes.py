"""Files in another shape than CSV in UTF-8 with commas: what they are, and how to save them instead."""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from loyalty_project.imports.reading import Row

_SAVE: Final = 'In a spreadsheet, save it as "CSV UTF-8 (comma delimited)"'
# UTF-32 before UTF-16, whose little-endian mark it begins with.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_ZIP: Final = b"PK\x03\x04"
_WORKBOOK: Final = re.compile(rb"\[Content_Types\]\.xml|xl/|opendocument\.spreadsheet")
_OLD_WORKBOOK: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_GZIP: Final = b"\x1f\x8b"
_SEPARATOR_LINE: Final = re.compile(r'"?sep=', re.IGNORECASE)
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LINES_OF_TITLE: Final = 10


def foreign_format(begin: bytes) -> str:
    """What a file that begins with these bytes is and how to save it, or "" if it may be CSV."""
    for mark, name in _MARKS:
        if begin.startswith(mark):
            return _in_encoding(name)
    if begin.startswith(_ZIP):
        if _WORKBOOK.search(begin):
            return f"The file is a workbook of a spreadsheet (xlsx or the like). {_SAVE}."
        return "The file is a zip archive. Unpack it and import the CSV file in it; of compressed files, only .gz is read."
    if begin.startswith(_OLD_WORKBOOK):
        return f"The file is a workbook of a spreadsheet (xls). {_SAVE}."
    if begin.startswith(_GZIP):
        return "The file is compressed by gzip. Give it a name that ends with .gz, or unpack it."
    # Text of ASCII characters in UTF-16 without a mark has a NUL for every other byte.
    if len(begin) > 1 and begin.count(b"\x00") * 3 > len(begin):
        return _in_encoding("UTF-16")
    line = begin.partition(b"\n")[0]
    if b"\r" in line.removesuffix(b"\r"):
        return "The lines of the file end with CR alone (carriage return). Save it with LF or CR LF as line ends."
    return ""


def foreign_header(header: Row, following: Iterable[Row], *, is_header: Callable[[Sequence[str]], bool]) -> str:
    """Why the first row is not the header that it should be, or "" if it is a header with wrong columns.

    `following` are the rows behind it; `is_header` says if cells are the columns of such a file.
    """
    if _SEPARATOR_LINE.match(header.raw):
        return (
            f'The first line is "sep=", which is not part of CSV. Remove that line; columns are separated by commas. {_SAVE}.'
        )
    separator = max(_SEPARATORS, key=header.raw.count)
    if header.raw.count(separator) > header.raw.count(","):
        return f"The columns of the file are separated by {_SEPARATORS[separator]}. {_SAVE}, with commas between the columns."
    for row in islice(following, _LINES_OF_TITLE):
        if not row.problem and is_header(row.cells):
            return f"The header is on line {row.line} of the file, below a title. Remove the lines above it."
    return ""


def _in_encoding(name: str) -> str:
    return f'The file is text in {name} ("Unicode text" in some spreadsheets). {_SAVE}.'
