"""Hostile bodies and queries for every action of the API: each is answered in two seconds, and none is a bug (5xx).

A slice of the bodies, each small, runs by default; `make prove` sends all, up to 5 MB, and each to several actions.
"""

import json
import os
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import pytest
from django.http import HttpResponse
from structlog.testing import capture_logs

from loyalty_project.api.views import WireView
from loyalty_project.urls import urlpatterns
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.api import Api
from tests.attacks.bodies import Body, bodies, queries
from tests.factories.fields import FieldFactory
from tests.factories.locations import digest

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

FULL = os.environ.get("REGULARS_PROOFS") == "full"
# Bytes of a large body. With the texts of the tests' worst kind, a quadratic step takes minutes at either size.
SIZE = 5_000_000 if FULL else 250_000
# One in so many bodies goes to customer/add, and one in so many to each other action. Bodies come in pairs, so these are odd.
SLICE_OF_ADD, SLICE = (1, 11) if FULL else (19, 151)
SECONDS = 2.0
_ADDRESS = re.compile(r"1\\\.1/(?P<entity>\w+)/\(\?:(?P<names>[a-z_|]+)\)")


Action = tuple[str, str]


def actions(*methods: str) -> list[Action]:
    """Every routed action with each of its methods among these: method and address."""
    found = set()
    for route in urlpatterns:
        view = getattr(route.callback, "cls", None) if hasattr(route, "callback") else None
        address = _ADDRESS.search(str(route.pattern))
        if view is not None and issubclass(view, WireView) and address:
            for name in address["names"].split("|"):
                for method in route.callback.actions:
                    found.add((method.upper(), f"/v1.1/{address['entity']}/{name}"))
    return sorted(action for action in found if action[0] in methods)


WRITES, READS = actions("POST", "PUT"), actions("GET")


@pytest.fixture
def api(organization: Organization, till: Till) -> Api:
    """A till of an organization with fields of every type, whose options and names are found without case."""
    for name, more in {
        "Hobbies": {"type": "multi", "options": [f"Playing {number}" for number in range(100)]},
        "Colour": {"type": "enum", "options": ["Green", "Blue"]},
        "age": {"type": "number"},
        "birthday": {"type": "date"},
    }.items():
        FieldFactory(organization=organization, category="custom", name=name, **more)
    for category in ("extended", "preference"):
        FieldFactory(organization=organization, category=category, name="city", type="text")
    organization.gender_field = "Colour"
    organization.save()
    return Api(till)


def send(api: Api, method: str, address: str, body: Body) -> HttpResponse:
    encoding = {"Content-Encoding": body.encoding} if body.encoding else {}
    credential = b64encode(f"{api.till.code}:{digest(api.password)}".encode()).decode()
    headers = {"Authorization": f"Basic {credential}", "Content-Type": body.content_type, **encoding}
    return api.send(method, address, body.content, headers)


def attack(call: Callable[[], HttpResponse], what: str) -> str:
    """What is wrong with the answer, or "". Slow answers are asked for again: the machine may be busy with other work."""
    answer, seconds, events = _measured(call)
    for _ in range(2):
        if seconds < SECONDS:
            break
        answer, seconds, events = _measured(call)
    bugs = [event["event"] for event in events if event["log_level"] in {"error", "critical"}]
    if bugs or answer.status_code >= 500 or seconds >= SECONDS:
        return f"{what}: HTTP {answer.status_code}, {seconds:.2f} s, {bugs}"
    return ""


def _measured(call: Callable[[], HttpResponse]) -> tuple[HttpResponse, float, list[Any]]:
    begun = time.perf_counter()
    with capture_logs() as events:
        answer = call()
    return answer, time.perf_counter() - begun, list(events)


Case = TypeVar("Case")


def spread(cases: Iterable[Case], addresses: Sequence[Action], *, slice_of: int) -> Iterator[tuple[Case, Action]]:
    """Each case for every `slice_of`th action, the next case for the action after it; with 1 all cases for all actions."""
    for number, case in enumerate(cases):
        for turn, action in enumerate(addresses):
            if (number - turn) % slice_of == 0:
                yield case, action


def test_the_actions_are_those_of_the_routes() -> None:
    assert ("POST", "/v1.1/customer/add") in WRITES
    assert ("PUT", "/v1.1/customer/update") in WRITES
    assert ("POST", "/v1.1/transaction/add") in WRITES
    assert {address for _, address in READS} >= {f"/v1.1/customer/{name}" for name in ("get", "search", "transactions")}


@pytest.mark.parametrize(
    ("addresses", "slice_of"),
    [
        ([("POST", "/v1.1/customer/add")], SLICE_OF_ADD),
        (WRITES, SLICE),
        ([("POST", "/v3/oauth/token/generate")], SLICE),
        ([("POST", "/v2/points/reverse")], SLICE),
    ],
    ids=["add", "every action", "token", "plain JSON"],
)
def test_bodies_are_answered(api: Api, addresses: Sequence[Action], slice_of: int) -> None:
    wrong = [
        attack(partial(send, api, method, address, body), f"{method} {address} {body.name}")
        for body, (method, address) in spread(bodies(SIZE), addresses, slice_of=slice_of)
    ]
    assert [line for line in wrong if line] == []


def test_queries_are_answered_by_every_action_that_reads(api: Api) -> None:
    wrong = [
        attack(partial(send, api, method, f"{address}?{query}", Body("nothing", b"")), f"{address} {query[:80]}")
        for query, (method, address) in spread(queries(), READS, slice_of=SLICE)
    ]
    assert [line for line in wrong if line] == []


def test_a_batch_of_full_lists_is_answered(api: Api) -> None:
    """Not hostile: a hundred customers with all that an item may have."""
    rows = [{"name": "Colour", "value": "green"}, {"name": "age", "value": "31"}] * 50
    pairs = [{"channel": "SMS", "priority": "BULK", "is_subscribed": str(number % 2)} for number in range(100)]
    items = [
        {"mobile": f"98123{number:05d}", "custom_fields": {"field": rows}, "subscriptions": {"subscription": pairs}}
        for number in range(100 if FULL else 10)
    ]
    answer = send(api, "POST", "/v1.1/customer/add", Body("full", json.dumps({"root": {"customer": items}}).encode()))
    assert json.loads(answer.content)["response"]["status"]["success_count"] == str(len(items))
