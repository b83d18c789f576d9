"""Error file: rejected rows as CSV, each with its error. It can be corrected and imported as it is."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loyalty_project.imports.columns import ERROR_COLUMNS
from loyalty_project.private_files import replaced_file


@dataclass(frozen=True, slots=True)
class Reject:
    """A rejected row: its first line, code, message and detail, and the row as it came."""

    line: int
    code: int
    message: str
    detail: str
    row: str


def check_rejects_path(path: Path) -> None:
    """Raise `OSError` if `write_rejects` could not create the file."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")


def write_rejects(path: Path, columns: Sequence[str], rejects: Iterable[Reject]) -> None:
    """Write the file whole or not at all, for its owner alone. Rows keep their bytes, also those that are not UTF-8."""
    with replaced_file(path) as file:
        file.write(_bytes(csv_line([*ERROR_COLUMNS, *columns])))
        file.writelines(
            _bytes(f"{csv_line([str(reject.line), str(reject.code), reject.message, reject.detail])},{reject.row}")
            for reject in rejects
        )


def csv_line(cells: Sequence[str]) -> str:
    """The cells as a row of CSV, without a line end."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _bytes(line: str) -> bytes:
    return f"{line}\n".encode(errors="surrogateescape")
