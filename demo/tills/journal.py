"""What the tills of a day note down: every call with its time, retries, and whatever should not have happened."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

Row = tuple[object, ...]


@dataclass(slots=True)
class ActionFigures:
    """Figures of one action: answered calls with their seconds, refusals among them, answers lost on purpose, retries."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    lost: int = 0
    retries: int = 0


class Journal:
    """Figures by action, and mismatches in words. Shared by the threads of all tills."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._figures: dict[str, ActionFigures] = defaultdict(ActionFigures)
        self._mismatches: list[str] = []
        self._checked: dict[str, int] = defaultdict(int)

    def answered(self, action: str, seconds: float) -> None:
        """An answer has arrived, so many seconds after its request."""
        with self._lock:
            self._figures[action].seconds.append(seconds)

    def refused(self, action: str) -> None:
        """An answer was a refusal, as it had to be."""
        with self._lock:
            self._figures[action].refused += 1

    def lost(self, action: str) -> None:
        """An answer was dropped on purpose."""
        with self._lock:
            self._figures[action].lost += 1

    def retried(self, action: str) -> None:
        """A call was sent again."""
        with self._lock:
            self._figures[action].retries += 1

    def mismatch(self, text: str) -> None:
        """Something is not as it must be."""
        with self._lock:
            self._mismatches.append(text)

    def checked(self, what: str, expected: object, found: object, *, of: str) -> None:
        """Count a comparison, and note a mismatch if the two differ."""
        with self._lock:
            self._checked[what] += 1
            if expected != found:
                self._mismatches.append(f"{of}: {what} should be {expected}, is {found}")

    def checked_rows(self, what: str, expected: Iterable[Row], found: Iterable[Row], *, of: str) -> None:
        """Count a comparison of lists in any order, and note what is missing and what should not be there."""
        wanted, shown = Counter(expected), Counter(found)
        with self._lock:
            self._checked[what] += 1
            for rows, words in ((wanted - shown, "missing"), (shown - wanted, "unknown")):
                self._mismatches += [f"{of}: {what}: {words} {' '.join(map(str, row))}" for row in rows.elements()]

    @property
    def calls(self) -> int:
        """Answered calls so far."""
        with self._lock:
            return sum(len(figures.seconds) for figures in self._figures.values())

    @property
    def retries(self) -> int:
        """Calls that were sent again so far."""
        with self._lock:
            return sum(figures.retries for figures in self._figures.values())

    @property
    def mismatches(self) -> list[str]:
        """All mismatches so far."""
        with self._lock:
            return list(self._mismatches)

    @property
    def figures(self) -> Mapping[str, ActionFigures]:
        """Figures by action; to be read when the tills have closed."""
        return self._figures

    @property
    def checks(self) -> Mapping[str, int]:
        """How many comparisons there were of each kind."""
        return self._checked
