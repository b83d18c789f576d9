"""Progress of a long command (demo/progress.py)."""

from io import StringIO

import pytest
from django.core.management.base import OutputWrapper

from demo import progress
from demo.progress import ProgressLines


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds: the last of the list is now."""
    seconds = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: seconds[-1])
    return seconds


def test_a_file_gets_each_step_its_end_and_at_most_a_line_a_second(clock: list[float]) -> None:
    out = StringIO()
    lines = ProgressLines(OutputWrapper(out))
    lines.report("Reading")
    for second, done in ((0.1, 0), (0.5, 1_000), (1.2, 2_000), (1.3, 3_000), (1.4, 4_000)):
        clock.append(second)
        lines.report("Writing", done, 4_000)
    lines.end()
    assert out.getvalue().splitlines() == [
        "Reading ...",
        "Writing ... 0 of 4,000",
        "Writing ... 2,000 of 4,000",
        "Writing ... 4,000 of 4,000",
    ]


def test_a_terminal_shows_counts_in_place(clock: list[float]) -> None:
    out = Terminal()
    lines = ProgressLines(OutputWrapper(out))
    lines.report("Reading")
    lines.report("Writing", 0, 2)
    lines.report("Writing", 1, 2)
    lines.end()
    shown = [line.rpartition("\r\x1b[K")[2] for line in out.getvalue().split("\n")]
    assert shown == ["Reading ...", "Writing ... 1 of 2", ""]


def test_nothing_is_left_of_no_steps() -> None:
    out = Terminal()
    ProgressLines(OutputWrapper(out)).end()
    assert out.getvalue() == ""
