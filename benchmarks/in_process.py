"""Cost and statements of one call inside the process, by Django's test client."""

import json
import time
from base64 import b64encode
from typing import Any

from django.test import Client

from benchmarks.filler import PASSWORD, TILL, Filled
from benchmarks.load import check_answer
from benchmarks.people import MOBILE, NEW_IN_PROCESS, new_customer, person
from benchmarks.recording import Recording
from benchmarks.tables import Result, Side
from organizations.credentials.hashing import password_digest

_CREDENTIAL = b64encode(f"{TILL}:{password_digest(PASSWORD)}".encode()).decode()
_WARM_UP = 50
_TIMED = 500
# A prime, so that the customers of consecutive calls are far apart.
_STRIDE = 7919


def measure_get(filled: Filled) -> Result:
    """Row: warm authenticated gets, one after the other, with processor time and queries a call."""
    client = till_client()
    for number in range(_WARM_UP):
        _get(client, 1 + number % filled.customers)
    latencies = []
    used = time.process_time()
    for number in range(_TIMED):
        begun = time.perf_counter()
        _get(client, 1 + number * _STRIDE % filled.customers)
        latencies.append(time.perf_counter() - begun)
    used = time.process_time() - used
    queries = len(record_get(filled).statements)
    return Result(
        name="get in process",
        unit="calls/s",
        ours=Side([_TIMED / sum(latencies)], latencies),
        note=f"{queries} queries a call, {used / _TIMED * 1000:.2f} ms of processor",
    )


def record_get(filled: Filled) -> Recording:
    """Statements of a warm get by mobile, with placeholders for its customer."""
    number = filled.customers // 2 + 1
    client, recording = till_client(), Recording()
    for _ in range(3):
        answer = _get(client, number, more="&user_id=true")
    with recording.listen():
        recording.answer = _get(client, number)
    (customer,) = json.loads(answer)["response"]["customers"]["customer"]
    return recording.with_placeholders(person(number), int(customer["user_id"]))


def record_add(items: int) -> Recording:
    """Statements of a call that registers `items` new customers, with placeholders for the first of them."""
    client, recording = till_client(), Recording()
    # Numbers of its own for every size of a call.
    first = NEW_IN_PROCESS + 1000 * items
    _add(client, first, items)
    with recording.listen():
        recording.answer = _add(client, first + items, items)
    customer = json.loads(recording.answer)["response"]["customers"]["customer"][0]
    return recording.with_placeholders(person(first + items), customer["user_id"])


def till_client() -> Client:
    """Calls as the till, into this process."""
    return Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=f"Basic {_CREDENTIAL}", HTTP_ACCEPT="application/json")


def _get(client: Client, number: int, more: str = "") -> str:
    return checked(client.get(f"/v1.1/customer/get?{MOBILE}={person(number)[MOBILE]}{more}"))


def _add(client: Client, first: int, items: int) -> str:
    body = {"customer": [new_customer(number) for number in range(first, first + items)]}
    return checked(client.post("/v1.1/customer/add", json.dumps(body), content_type="application/json"))


def checked(response: Any) -> str:
    """The answer's text. Raises WrongAnswerError unless all items succeeded."""
    check_answer(f"HTTP/1.1 {response.status_code} \r\n".encode() + response.content)
    text: str = response.content.decode()
    return text
