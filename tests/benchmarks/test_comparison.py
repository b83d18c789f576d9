"""The comparison of answers: what must be equal before a yardstick is compared with the product."""

import pytest

from benchmarks import tills
from benchmarks.calls import SUCCESS
from benchmarks.gets import OtherBytesError, compare_answers
from benchmarks.servers import Served
from tests.benchmarks.web import answering

CALL = "GET /customer HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEADERS = {"Content-Type": "application/json", "X-Cap-Requestid": "1", "X-RateLimit-Remaining": "9"}


def compare(ours: tuple[int, dict[str, str], bytes], bare: tuple[int, dict[str, str], bytes]) -> None:
    with answering(lambda path: ours) as port, answering(lambda path: bare) as other_port:
        compare_answers(Served(port=port, pid=0), Served(port=other_port, pid=0), [CALL])


def test_request_id_and_rate_limit_may_differ():
    compare((200, HEADERS, b"{}"), (200, {**HEADERS, "X-Cap-Requestid": "2", "X-RateLimit-Remaining": "8"}, b"{}"))


@pytest.mark.parametrize(
    "bare",
    [
        (200, HEADERS, b"[]"),
        (400, HEADERS, b"{}"),
        (200, {**HEADERS, "Content-Type": "application/xml"}, b"{}"),
        (200, {"Content-Type": "application/json", "X-RateLimit-Remaining": "9"}, b"{}"),
    ],
)
def test_other_body_status_or_header_is_refused(bare):
    with pytest.raises(OtherBytesError):
        compare((200, HEADERS, b"{}"), bare)


@pytest.mark.parametrize(("rows", "is_refused"), [([1, 2, 2, 3], False), ([1, 2, 2, 2], True), ([1, 2, 2, 4], True)])
def test_yardstick_must_write_as_many_rows(monkeypatch, rows, is_refused):
    last_ids = iter({"engagement_bill": row, "organizations_ratelease": row % 3} for row in rows)
    monkeypatch.setattr(tills, "last_ids", lambda _: next(last_ids))
    monkeypatch.setattr(tills, "database", str)
    refused = []
    with answering(lambda path: (200, HEADERS, f"{{{SUCCESS}}}".encode())) as port:
        try:
            tills._compare_rows(Served(port=port, pid=0), Served(port=port, pid=0), lambda: CALL)
        except tills.OtherRowsError as error:
            refused.append(str(error))
    assert bool(refused) is is_refused
