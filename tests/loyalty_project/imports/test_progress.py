"""The bar on a terminal."""

import io
import sys

import pytest

from loyalty_project.imports.lines import Position
from loyalty_project.imports.progress import progress_bar
from loyalty_project.imports.results import Tally


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "wanted", "is_shown"), [(Terminal(), True, True), (Terminal(), False, False), (io.StringIO(), True, False)]
)
def test_bar_is_shown_on_a_terminal_where_it_is_wanted(monkeypatch, stream, wanted, is_shown):
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(100, wanted=wanted) as report:
        report(Position(50, 5), Tally(created=4))
    assert ("created=4" in stream.getvalue()) is is_shown
