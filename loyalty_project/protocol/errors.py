"""How does a rule say no? It raises `LoyaltyError` (the item fails) or returns a `Notice` (a warning beside success)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from loyalty_project.protocol.codes import CodeTable

_PLACE = re.compile(r"\{[xy]\}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning: the primary action was done, a side action was not. `x` and `y` fill the sentence's places."""

    code: CodeTable
    x: str = ""
    y: str = ""

    @property
    def text(self) -> str:
        """The sentence as it is appended to a message: filled in, without its final period."""
        return _filled(self.code, self.x, self.y).removesuffix(".")


class LoyaltyError(Exception):
    """The item fails with this code; nothing of it is kept. `x` fills the sentence's place."""

    def __init__(self, code: CodeTable, *, x: str = "") -> None:
        super().__init__(f"{int(code)} {code.sentence}")
        self.code = code
        self.x = x

    @property
    def sentence(self) -> str:
        """The code's sentence, as the failed item tells it."""
        return _filled(self.code, self.x, "")


class CountedRefusalError(LoyaltyError):
    """The item fails, and yet what it wrote is kept: a wrong validation code counts. Nothing else was written before."""


def _filled(code: CodeTable, x: str, y: str) -> str:
    return _PLACE.sub(lambda place: x if place[0] == "{x}" else y, code.sentence)


class RequestRefusedError(Exception):
    """The whole request fails: HTTP status, body code and message of the status block (docs/protocol.md 1.6)."""

    def __init__(self, http_status: int, code: CodeTable, *, body_code: int | None = None) -> None:
        super().__init__(code.sentence)
        self.http_status = http_status
        self.body_code = int(code) if body_code is None else body_code
        self.message = code.sentence


def in_numeric_order(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Warnings as they are told: ascending by code; several of one code keep their order (docs/protocol.md 5.2)."""
    return tuple(sorted(notices, key=lambda notice: notice.code))
