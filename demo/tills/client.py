"""HTTP client of a till: it loses answers on purpose, and sends a call again until it is answered."""

import http.client
import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from demo.tills.journal import Journal
from demo.tills.shops import TillAccount

Json = dict[str, Any]

# How long an answer may take, and how long a till goes on sending a call that is not answered.
ANSWER_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 60.0
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 3.0
# Refusals for the moment, of a whole call and of an item: the same call may succeed later (docs/protocol.md 1.6, 1.10).
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_TECHNICAL: Final = frozenset({500, 521, 1038, 10001, 10002, *range(1086, 1100)})


class UnsettledError(Exception):
    """A call got no usable answer for too long: nobody knows whether it had an effect."""


class UnexpectedAnswerError(Exception):
    """An answer that no till can understand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it is sent, and sent again: always with the same content."""

    action: str
    query: Mapping[str, str] | None = None
    body: Json | None = None
    key: str = ""

    @property
    def address(self) -> str:
        """Path and query."""
        return f"/v1.1/{self.action}?{urlencode({'format': 'json', **(self.query or {})})}"


@dataclass(frozen=True, slots=True)
class Item:
    """The only item of an answer, with the whole `response`."""

    content: Json
    response: Json

    @property
    def code(self) -> int:
        """Code of the item; that of the whole answer if the item has none."""
        status = self.content.get("item_status") or self.response["status"]
        return int(status["code"])


class TillClient:
    """One connection of a till. Every `lose_every`th call loses its first answer (0: none)."""

    def __init__(
        self, url: str, till: TillAccount, journal: Journal, *, lose_every: int, patience: float = PATIENCE_SECONDS
    ) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
        credential = b64encode(f"{till.code}:{till.digest}".encode()).decode()
        self._headers = {"Authorization": f"Basic {credential}", "Content-Type": "application/json"}
        self._journal = journal
        self._lose_every = lose_every
        self._patience = patience
        self._made = 0

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def call(self, call: Call) -> Item:
        """Make a call of one item, again until it is answered. Raises UnsettledError, UnexpectedAnswerError."""
        response = self.response(call)
        items = list(_items(response))
        if len(items) != 1:
            raise UnexpectedAnswerError(f"{call.action}: {str(response)[:300]}")
        return Item(items[0], response)

    def response(self, call: Call) -> Json:
        """The content of `response`, of a call that is made again until it is answered. Raises as `call` does."""
        self._made += 1
        is_lost = bool(self._lose_every) and self._made % self._lose_every == 0
        begun, pause = time.monotonic(), _FIRST_PAUSE
        if is_lost:
            self._lose(call)
            self._journal.lost(call.action)
            self._journal.retried(call.action)
        while True:
            try:
                return self._exchange(call)
            except (_BusyError, OSError, http.client.HTTPException) as error:
                self._connection.close()
                wait = max(pause, getattr(error, "seconds", 0.0))
                if time.monotonic() - begun + wait > self._patience:
                    raise UnsettledError(f"{call.action} of {json.dumps(call.body or call.query)}: {error!r}") from error
            self._journal.retried(call.action)
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _send(self, call: Call) -> None:
        headers = {**self._headers, "Idempotency-Key": call.key} if call.key else self._headers
        body = None if call.body is None else json.dumps(call.body)
        self._connection.request("GET" if body is None else "POST", call.address, body, headers)

    def _lose(self, call: Call) -> None:
        """Send the call, and hang up: in turn before an answer can arrive, and after it has arrived unread."""
        try:
            self._send(call)
            if self._made // self._lose_every % 2:
                self._connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            self._connection.close()

    def _exchange(self, call: Call) -> Json:
        begun = time.perf_counter()
        self._send(call)
        answer = self._connection.getresponse()
        content = answer.read()
        self._journal.answered(call.action, time.perf_counter() - begun)
        if answer.status in _BUSY:
            raise _BusyError(answer.status, float(answer.headers.get("Retry-After") or 0))
        try:
            response: Json = json.loads(content, parse_float=Decimal)["response"]
            codes = {int(item["item_status"]["code"]) for item in _items(response) if item.get("item_status")}
        except (ValueError, KeyError, TypeError) as error:
            raise UnexpectedAnswerError(f"{call.action}: HTTP {answer.status} {content[:300]!r}") from error
        if codes & _TECHNICAL:
            raise _BusyError(min(codes & _TECHNICAL), 0.0)
        return response


class _BusyError(Exception):
    """The server asks to be called again, `seconds` later at the earliest."""

    def __init__(self, code: int, seconds: float) -> None:
        super().__init__(f"answered {code}")
        self.seconds = seconds


def _items(response: Json) -> Iterator[Json]:
    """The items of an answer: below `response` as an object, or below a container as an object or a list."""
    for name, content in response.items():
        if name in {"status", "pagination"} or not isinstance(content, dict):
            continue
        if "item_status" in content or len(content) != 1:
            yield content
            continue
        (inner,) = content.values()
        yield from inner if isinstance(inner, list) else [inner]
