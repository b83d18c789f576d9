"""Refusals and warnings: `LoyaltyError` fails an item, `Notice` is a warning beside success."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from loyalty_project.protocol.codes import CodeTable

_PLACEHOLDER = re.compile(r"\{[xy]\}")
# Characters of a placeholder: the name of a field that the organization does not have may be of any length.
_LONGEST_FILLING = 100


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: the primary action was done, a side action was not. `x` and `y` fill the sentence's placeholders.

    `key` is the item's key whose value it is about, "" for none. Answers do not print it; forms show the warning at that field.
    """

    code: CodeTable
    x: str = ""
    y: str = ""
    key: str = field(default="", compare=False)

    @property
    def text(self) -> str:
        """The filled sentence as it is appended to a message, without its final period."""
        return _filled(self.code, self.x, self.y).removesuffix(".")


class LoyaltyError(Exception):
    """Refusal of an item with a code; nothing of the item is stored. `x` fills the sentence's placeholder.

    `key` is the item's key whose value is refused, "" where the code says it or there is none. `detail` is a sentence for the
    error file of an import: which column, what it has, what is wanted. Answers do not print it.
    """

    def __init__(self, code: CodeTable, *, x: str = "", key: str = "", detail: str = "") -> None:
        super().__init__(f"{int(code)} {code.sentence}")
        self.code = code
        self.x = x
        self.key = key
        self.detail = detail

    @property
    def sentence(self) -> str:
        """The code's sentence, filled."""
        return _filled(self.code, self.x, "")


class CountedRefusalError(LoyaltyError):
    """Refusal of an item that keeps what it wrote: the count of wrong validation codes. Raise it before other writes."""


class ApartError(Exception):
    """Items that are worked together where some must be worked alone: those at `indices`, in order. All items are undone."""

    def __init__(self, *indices: int) -> None:
        super().__init__(f"items to be worked alone: {', '.join(map(str, indices))}")
        self.indices = indices


def _filled(code: CodeTable, x: str, y: str) -> str:
    return _PLACEHOLDER.sub(lambda match: (x if match[0] == "{x}" else y)[:_LONGEST_FILLING], code.sentence)


class RequestRefusedError(Exception):
    """Refusal of a whole request: HTTP status, code and message of the status block (docs/protocol.md 1.6)."""

    def __init__(self, http_status: int, code: CodeTable, *, body_code: int | None = None) -> None:
        super().__init__(code.sentence)
        self.http_status = http_status
        self.body_code = int(code) if body_code is None else body_code
        self.message = code.sentence


def in_numeric_order(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Warnings in the order of answers: ascending by code, stable (docs/protocol.md 5.2)."""
    return tuple(sorted(notices, key=lambda notice: notice.code))
