"""Error file: rejected rows as CSV, each with its error. It can be corrected and imported as it is."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loyalty_project.imports.columns import ERROR_COLUMNS


@dataclass(frozen=True, slots=True)
class Reject:
    """A rejected row: its first line, code and message, and its original cells."""

    line: int
    code: int
    message: str
    cells: Sequence[str]


def check_rejects_path(path: Path) -> None:
    """Raise `OSError` if `write_rejects` could not create the file."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")


def write_rejects(path: Path, columns: Sequence[str], rejects: Iterable[Reject]) -> None:
    """Write the file atomically. Bytes that are not UTF-8 are kept."""
    if path.exists() and not path.is_file():
        # A device or pipe cannot be replaced, only written to.
        _write(path, columns, rejects)
        return
    path = path.resolve()
    draft = path.with_name(f"{path.name}.part")
    _write(draft, columns, rejects)
    draft.replace(path)


def _write(path: Path, columns: Sequence[str], rejects: Iterable[Reject]) -> None:
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*ERROR_COLUMNS, *columns])
        writer.writerows([reject.line, reject.code, reject.message, *reject.cells] for reject in rejects)
