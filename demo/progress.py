"""Progress of a long command: what it is doing, with counts, on one line of a terminal or on lines of their own."""

import time
from collections.abc import Callable
from typing import Final

from django.core.management.base import OutputWrapper

# Of a step: its words, how much of it is done, and how much there is (0: not counted).
Report = Callable[[str, int, int], None]
_PAUSE: Final = 1.0
_REWRITE: Final = "\r\x1b[K"


def no_report(_step: str, _done: int, _total: int) -> None:
    """Report nothing."""


class ProgressLines:
    """Shows each step at once, then its counts: in place on a terminal, else at most a line a second, and each step's end."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out = out
        self._step = ""
        self._shown_at = 0.0
        self._is_silent = False

    def report(self, step: str, done: int = 0, total: int = 0) -> None:
        """Show a step, or how far it is."""
        if self._is_silent:
            return
        is_new, is_over = step != self._step, bool(total) and done >= total
        in_place = self._out.isatty()
        now = time.monotonic()
        if not (is_new or is_over or in_place or now - self._shown_at >= _PAUSE):
            return
        begin = "\n" if is_new and in_place and self._step else _REWRITE if in_place else ""
        counts = f"{done:,} of {total:,}" if total else ""
        self._out.write(f"{begin}{step} ... {counts}".rstrip(" "), ending="" if in_place else "\n")
        self._out.flush()
        self._step, self._shown_at = step, now

    def end(self) -> None:
        """Leave the line of the last step."""
        if self._step and self._out.isatty():
            self._out.write("\n", ending="")
            self._out.flush()
        self._step = ""

    def silence(self) -> None:
        """Show nothing from now on."""
        self._is_silent = True
