"""Progress bar of an import, on standard error if that is a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from loyalty_project.imports.lines import Position
from loyalty_project.imports.results import Tally

Report = Callable[[Position, Tally], None]


@contextmanager
def progress_bar(size: int | None, *, wanted: bool) -> Iterator[Report]:
    """Function to call after each batch with the position reached. `size` is that of the file in bytes, None if unknown."""
    console = Console(file=sys.stderr)
    if not (wanted and console.is_terminal):
        yield lambda _position, _tally: None
        return
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=size)
        yield lambda position, tally: progress.update(task, completed=position.offset, description=str(tally))
