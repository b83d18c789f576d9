"""Import commands as an operator runs them: a file of lines, the command, and what it left."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from django.core.management import CommandError, call_command


class Outcome:
    """What a command left: exit status and the two streams."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def counts(self) -> tuple[int, ...]:
        """Created, updated, unchanged, rejected."""
        last = self.out.rstrip("\n").rpartition("\n")[2]
        return tuple(int(part.partition("=")[2]) for part in last.split(" "))


def run_import(command: str, path: Path | str, *options: str, code: str = "northwind") -> Outcome:
    """The command, for the organization of that code."""
    out, err = io.StringIO(), io.StringIO()
    status = 0
    try:
        call_command(command, "--organization", code, "--no-progress", *options, str(path), stdout=out, stderr=err)
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return Outcome(status, out.getvalue(), err.getvalue())


def write_lines(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rejects(path: Path) -> list[dict[str, str]]:
    """The rows of an error file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(command: str, folder: Path, row: Mapping[str, str]) -> dict[str, str]:
    """The row of the error file of an import of this row, which is rejected with a sentence on one line."""
    cells = ",".join('"' + cell.replace('"', '""') + '"' for cell in row.values())
    path = write_lines(folder / "in.csv", ",".join(row), cells)
    outcome = run_import(command, path, "--errors", str(folder / "errors.csv"))
    assert (outcome.status, outcome.counts) == (1, (0, 0, 0, 1)), outcome.err
    (error,) = rejects(folder / "errors.csv")
    assert error["error_detail"].isprintable()
    return error
