"""Files in another shape are named, with how to save them (docs/imports.md)."""

import codecs
import gzip
import io
import zipfile

import pytest

from loyalty_project.imports.columns import ColumnsError, header_of, read_header_row
from loyalty_project.imports.reading import RowReader
from loyalty_project.imports.shapes import foreign_header
from loyalty_project.imports.sources import UnreadableFileError

TEXT = "mobile,firstname\n9812345678,Asha\n9812345679,Bo\n"


def archive(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        for name in names:
            file.writestr(name, "x" * 100)
    return data.getvalue()


FORMATS = {
    "UTF-16": codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
    "UTF-16 of the other end": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark": TEXT.encode("utf-16-le"),
    "UTF-32": codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
    "xlsx": archive("[Content_Types].xml", "xl/workbook.xml"),
    "xlsx in another order": archive("_rels/.rels", "docProps/app.xml", "xl/workbook.xml"),
    "xls": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
    "zip": archive("customers.csv"),
    "gzip": gzip.compress(TEXT.encode()),
    "CR": TEXT.replace("\n", "\r").encode(),
    "CR, long": (TEXT * 9000).replace("\n", "\r").encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_other_formats_are_named_before_the_first_row(name):
    with pytest.raises(UnreadableFileError) as refused:
        read_header_row(RowReader(io.BytesIO(FORMATS[name])))
    assert name.partition(" ")[0].partition(",")[0] in str(refused.value)


def is_header(cells: list[str]) -> bool:
    try:
        return "mobile" in header_of(cells).columns
    except ColumnsError:
        return False


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (TEXT.replace(",", ";"), "semicolons"),
        (TEXT.replace(",", "\t"), "tabs"),
        (TEXT.replace(",", "|"), "vertical bars"),
        ("sep=,\n" + TEXT, '"sep="'),
        ("sep=;\n" + TEXT.replace(",", ";"), '"sep="'),
        ("Customers of May\n" + TEXT, "line 2"),
        ("Customers of May,\nmade by hand,\n\n" + TEXT, "line 4"),
        ("mobil,firstname\n", ""),
        ("Customers of May\n" * 11 + TEXT, ""),
    ],
)
def test_other_headers_are_named(content, named):
    reader = RowReader(io.BytesIO(content.encode()))
    message = foreign_header(read_header_row(reader), reader, is_header=is_header)
    assert named in message
    assert bool(named) == bool(message)
