"""What the command shows: one line while tills trade, and a table at the end."""

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.table import Table

from demo.tills.journal import Journal

# Mismatches that are printed in full.
MOST_SHOWN = 20
_WIDTH = 100


def status_line(journal: Journal, *, seconds: float, total: float) -> str:
    """Time, calls, calls a second, retries and mismatches so far."""
    calls = journal.calls
    return (
        f"{_clock(seconds)} of {_clock(total)}  {calls:,} calls, {calls / max(seconds, 0.001):,.0f} a second, "
        f"{journal.retries:,} retries, {len(journal.mismatches)} mismatches"
    )


def report(journal: Journal) -> str:
    """Calls by action, what was checked, and the mismatches, as text."""
    out = StringIO()
    console = Console(file=out, width=_WIDTH, highlight=False)
    console.print(_calls(journal))
    console.print(_checks(journal))
    mismatches = journal.mismatches
    for text in mismatches[:MOST_SHOWN]:
        console.print(f"MISMATCH {text}", markup=False)
    if len(mismatches) > MOST_SHOWN:
        console.print(f"... and {len(mismatches) - MOST_SHOWN} more")
    return out.getvalue()


def percentile(seconds: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed; 0 without values."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0.0


def _calls(journal: Journal) -> Table:
    table = Table("Action", *("Calls", "Refused", "Lost", "Retries", "p50 ms", "p99 ms"))
    for column in table.columns[1:]:
        column.justify = "right"
    for action, figures in sorted(journal.figures.items()):
        table.add_row(
            action,
            f"{len(figures.seconds):,}",
            *(f"{count:,}" if count else "" for count in (figures.refused, figures.lost, figures.retries)),
            *(f"{1000 * percentile(figures.seconds, percent):,.1f}" for percent in (50, 99)),
        )
    return table


def _checks(journal: Journal) -> Table:
    table = Table("Checked", "Times")
    table.columns[1].justify = "right"
    for what, times in sorted(journal.checks.items()):
        table.add_row(what, f"{times:,}")
    return table


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
