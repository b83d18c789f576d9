"""The load generator's HTTP: what it sends, and when an answer is whole and good."""

import json
from itertools import islice

import pytest

from benchmarks.load import Load, WrongAnswerError, answer_length, check_answer, requests_of

GOOD = b'{"response":{"status":{"success":"true"},"customers":{"customer":[{"item_status":{"success":"true"}}]}}}'


def load(**more: object) -> Load:
    defaults = {"port": 8000, "action": "get", "till": "till1", "digest": "d" * 32, "seconds": 1.0, "connections": 2}
    return Load(**{**defaults, **more})  # type: ignore[arg-type]  # a table of keywords


def test_gets_ask_for_customers_who_exist() -> None:
    calls = list(islice(requests_of(load(people=3, first=1)), 50))
    asked = {call.split(b" ")[1] for call in calls}
    assert asked == {b"/v1.1/customer/get?mobile=91900000000%d" % number for number in (1, 2, 3)}


def test_adds_send_new_customers_without_gaps_or_repetition() -> None:
    calls = islice(requests_of(load(action="add", first=10, items=2)), 2)
    bodies = [json.loads(call.partition(b"\r\n\r\n")[2]) for call in calls]
    sent = [item["external_id"] for body in bodies for item in body["customer"]]
    assert sent == ["B000000010", "B000000011", "B000000012", "B000000013"]


def test_the_length_sent_is_that_of_the_body() -> None:
    head, _, body = next(requests_of(load(action="add", first=1))).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")


def test_an_answer_ends_at_its_content_length() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-Other: 5\r\n\r\n"
    assert answer_length(head[:-1]) is None
    assert answer_length(head) == len(head) + 12
    assert answer_length(head + b"content-length: 99\r\n\r\n") == len(head) + 12


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(WrongAnswerError, match="no Content-Length"):
        answer_length(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_only_full_success_is_a_good_answer() -> None:
    check_answer(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD)
    for bad in (
        b"HTTP/1.1 500 Internal Server Error\r\n\r\n" + GOOD,
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + GOOD.replace(b'{"success":"true"}}]', b'{"success":"false"}}]'),
    ):
        with pytest.raises(WrongAnswerError):
            check_answer(bad)
