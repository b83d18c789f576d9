"""A till's client: answers that get lost, and calls that are sent again."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from demo.tills.client import Call, TillClient, UnexpectedAnswerError, UnsettledError
from demo.tills.journal import Journal
from demo.tills.shops import TillAccount

TILL = TillAccount(code="mgroad.till1", digest="d" * 32, store="blr", concept="")
SALE = Call(action="transaction/add", body={"root": {"transaction": [{"number": "B-1"}]}}, key="key-1")
Answer = tuple[int, Any]


class Served:
    """What a server received, and what it answers: one of `answers` after the other, the last for ever."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.received: list[tuple[str, str | None, Any]] = []

    def take(self, path: str, key: str | None, body: bytes) -> Answer:
        self.received.append((path, key, json.loads(body) if body else None))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving(*answers: Answer) -> Iterator[tuple[str, Served]]:
    served = Served(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = served.take(self.path, self.headers.get("Idempotency-Key"), body)
            sent = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST  # noqa: N815 - the name of http.server

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is what these tests are about."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", served
        finally:
            server.shutdown()
            thread.join()


def answered(code: int) -> Answer:
    item = {"id": 7, "item_status": {"success": "true", "code": code}}
    return 200, {"response": {"status": {"code": 200}, "transactions": {"transaction": [item]}}}


@contextmanager
def till(url: str, *, lose_every: int = 0, patience: float = 5.0) -> Iterator[tuple[TillClient, Journal]]:
    journal = Journal()
    client = TillClient(url, TILL, journal, lose_every=lose_every, patience=patience)
    try:
        yield client, journal
    finally:
        client.close()


def test_every_third_answer_is_lost_and_its_call_sent_again() -> None:
    with serving(answered(600)) as (url, served), till(url, lose_every=3) as (client, journal):
        codes = [client.call(SALE).code for _ in range(6)]
    assert codes == [600] * 6
    figures = journal.figures["transaction/add"]
    assert (len(figures.seconds), figures.lost, figures.retries) == (6, 2, 2)
    # The first of the two lost calls was answered; the second may have been cut off before it came.
    assert len(served.received) in {7, 8}
    assert {json.dumps(received) for received in served.received} == {json.dumps((SALE.address, "key-1", SALE.body))}


@pytest.mark.parametrize(
    "refusal", [(503, {}), (429, {}), answered(521), answered(10001)], ids=["503", "429", "item 521", "item 10001"]
)
def test_a_refusal_for_the_moment_is_sent_again(refusal: Answer) -> None:
    with serving(refusal, answered(600)) as (url, served), till(url) as (client, journal):
        assert client.call(SALE).code == 600
    assert (len(served.received), journal.retries) == (2, 1)


def test_a_refusal_for_good_is_handed_on() -> None:
    with serving(answered(604)) as (url, served), till(url) as (client, _):
        assert client.call(SALE).code == 604
    assert len(served.received) == 1


def test_a_call_that_is_never_answered_is_unsettled() -> None:
    with serving((503, {})) as (url, _), till(url, patience=0.2) as (client, _), pytest.raises(UnsettledError, match="B-1"):
        client.call(SALE)
    with till("http://127.0.0.1:9", patience=0.2) as (client, _journal), pytest.raises(UnsettledError):
        client.call(SALE)


@pytest.mark.parametrize(
    "content",
    [
        "text",
        {"other": 1},
        {"response": {"status": {"code": 400}}},
        {"response": {"status": {"code": 200}, "x": {"y": [{}, {}]}}},
    ],
)
def test_an_answer_without_an_item_is_reported(content: Any) -> None:
    with serving((200, content)) as (url, _), till(url) as (client, _journal), pytest.raises(UnexpectedAnswerError):
        client.call(SALE)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda item: {"coupon": item},
        lambda item: {"coupons": {"coupon": item}},
        lambda item: {"coupons": {"coupon": [item]}},
        lambda item: {"pagination": {"total": 1}, "coupons": {"coupon": [item]}},
    ],
)
def test_the_item_is_found_wherever_it_is(wrap: Callable[[Any], Any]) -> None:
    item = {"code": "ABC", "item_status": {"code": 700}}
    answer = (200, {"response": {"status": {"code": 200}, **wrap(item)}})
    with serving(answer) as (url, _), till(url) as (client, _journal):
        found = client.call(Call(action="coupon/issue", body={}))
    assert (found.content, found.code) == (item, 700)
