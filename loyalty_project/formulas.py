"""Cells that a spreadsheet would run as a formula: marked in exports by an apostrophe, which imports take off again.

A cell that has such a mark by itself gets one more, so that every text comes back as it was.
"""

import re
from typing import Final

# What starts a formula, or is passed over before one. Some spreadsheets take the wide signs for the narrow ones.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_MARKED: Final = re.compile(r"'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def marked(cell: str) -> str:
    """The cell with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def marked_if_ambiguous(cell: str) -> str:
    """The cell as it is; with one more apostrophe if it has a mark by itself, which an import would take off."""
    return f"'{cell}" if _MARKED.match(cell) else cell


def unmarked(cell: str) -> str:
    """The cell that `marked` or `marked_if_ambiguous` was given."""
    return cell[1:] if _MARKED.match(cell) else cell
