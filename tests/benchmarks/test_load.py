"""The load generator: what it sends, when an answer is whole and right, and from when latencies count."""

import time

import pytest

from benchmarks.load import Load, WrongAnswerError, answer_length, answer_to, make_load
from tests.benchmarks.web import answering

GOOD = (200, {}, b'{"success":"true"}')


def call(path: str) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"


def load(port: int, **more: object) -> Load:
    defaults = {"port": port, "calls": [call("/")], "seconds": 60.0, "connections": 2, "is_repeated": False}
    return Load(**{**defaults, **more})  # type: ignore[arg-type]  # a table of keywords


def test_calls_that_are_not_repeated_are_made_once_each():
    paths = []
    with answering(lambda path: (paths.append(path), GOOD)[1]) as port:
        measured = make_load(load(port, calls=[call(f"/{number}") for number in range(7)], connections=3))
    assert sorted(paths) == [f"/{number}" for number in range(7)]
    assert len(measured.latencies) == 7


def test_repeated_calls_are_made_in_turn_until_the_time_is_over():
    paths = []
    calls = [call("/a"), call("/b")]
    with answering(lambda path: (paths.append(path), GOOD)[1]) as port:
        measured = make_load(load(port, calls=calls, seconds=0.2, connections=1, is_repeated=True))
    assert len(paths) == len(measured.latencies) > 2
    assert set(paths[0::2]) == {"/a"}
    assert set(paths[1::2]) == {"/b"}
    assert 0.2 <= measured.seconds < 5


def test_with_a_rate_calls_are_due_at_fixed_moments():
    with answering(lambda path: GOOD) as port:
        measured = make_load(load(port, calls=[call("/")] * 11, rate=50))
    assert measured.seconds >= 10 / 50
    assert len(measured.latencies) == 11


def test_with_a_rate_the_wait_behind_slow_calls_counts():
    def slow(path: str) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.05)
        return GOOD

    with answering(slow) as port:
        measured = make_load(load(port, calls=[call("/")] * 6, rate=1000, connections=1))
    assert measured.latencies[0] < 0.25
    assert measured.latencies[-1] >= 0.29
    assert measured.latencies == sorted(measured.latencies)


def test_with_a_rate_a_server_far_behind_is_given_up():
    def slow(path: str) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.05)
        return GOOD

    with answering(slow) as port:
        measured = make_load(load(port, rate=1000, seconds=0.2, connections=1, is_repeated=True))
    assert 2 <= len(measured.latencies) <= 10


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}, b'{"success":"true"}'),
        (200, {}, b"{}"),
        (200, {}, b'{"success":"true"},{"success":"false"}'),
    ],
)
def test_wrong_answer_ends_the_run(answer):
    expected = {"wanted": '"success":"true"', "unwanted": '"success":"false"'}
    with answering(lambda path: GOOD) as port:
        make_load(load(port, **expected))
    with answering(lambda path: answer) as port, pytest.raises(WrongAnswerError):
        make_load(load(port, **expected))


def test_other_statuses_are_right_if_they_are_expected():
    with answering(lambda path: (404, {}, b"")) as port:
        assert len(make_load(load(port, statuses=[401, 404])).latencies) == 1


def test_answer_is_returned_with_its_head():
    with answering(lambda path: (200, {"X-Path": path}, b"body")) as port:
        head, _, body = answer_to(port, call("/there")).partition(b"\r\n\r\n")
    assert body == b"body"
    assert b"X-Path: /there" in head.split(b"\r\n")


def test_answer_ends_at_its_content_length():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX-Other: 5\r\n\r\n"
    assert answer_length(head[:-1]) is None
    assert answer_length(head) == len(head) + 12
    assert answer_length(head + b"content-length: 99\r\n\r\n") == len(head) + 12


def test_answer_without_a_length_is_refused():
    with pytest.raises(WrongAnswerError, match="no Content-Length"):
        answer_length(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
