"""Which codes does the suite really receive from the API? A plugin of pytest that listens (`-p tests.received_codes`).

It notes every code that a passed test got over HTTP, by action: of whole requests (R), of items that were done (S) or not (I),
and of warnings (W). `make test` runs the whole suite with it and fails where a test no longer receives what
tests/received_codes.json says. All that was received stays in pytest's cache for `make response-codes`.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve

# By action ("add" of customers, "points/redeem" of others), then by kind and number ("W 1017"): a test that received it.
Record = dict[str, dict[str, str]]
RECORD = Path(__file__).with_suffix(".json")
CACHE_KEY = "regulars/received_codes"
_WORKER_KEY = "received_codes"
_ACTION = re.compile(
    r"/v?1\.1/(?P<entity>customer|transaction|points|coupon)/(?P<action>\w+)(?:\.(?:json|xml))?/?", re.IGNORECASE
)
_ALIASES = {"register": "add", "interactions": "interaction"}
# Tests that send a sample of hostile requests. Each new route changes the sample, so what they receive proves nothing.
_SAMPLES = ("tests/attacks/test_bodies.py", "tests/attacks/test_openapi.py", "tests/attacks/test_queries.py")
_WHOLE = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}

Code = tuple[str, str]  # the action, and kind and number


class Ear:
    """What was received: by the test that runs, and of all that passed, which tests received which code."""

    def __init__(self) -> None:
        self.heard: set[Code] = set()
        self.tests: dict[Code, set[str]] = {}

    def listen(self, response: HttpResponse, path: str) -> None:
        match = _ACTION.fullmatch(path)
        # Tests of the plumbing have routes of their own, and what is unknown is no action.
        if match is None or settings.ROOT_URLCONF != "loyalty_project.urls" or _is_unknown(path):
            return
        action = _ALIASES.get(match["action"], match["action"])
        if match["entity"] != "customer":
            action = f"{match['entity']}/{action}"
        self.heard.update((action, code) for code in codes_of(response))

    def passed(self, test: str) -> None:
        """What the test that ran has received counts, whatever its parameters were. Samples never count."""
        if test.startswith(_SAMPLES):
            return
        for received in self.heard:
            self.tests.setdefault(received, set()).add(test.partition("[")[0])

    def rows(self) -> list[tuple[str, str, list[str]]]:
        """Rows of one process, for the process that joins them."""
        return [(*received, sorted(tests)) for received, tests in self.tests.items()]

    def join(self, rows: list[tuple[str, str, list[str]]]) -> None:
        for action, code, tests in rows:
            self.tests.setdefault((action, code), set()).update(tests)

    def record(self, before: Record) -> Record:
        """Of each code the test that was recorded before, if it still receives it; else the first one by name."""
        record: Record = {}
        for (action, code), tests in self.tests.items():
            known = before.get(action, {}).get(code, "")
            record.setdefault(action, {})[code] = known if known in tests else min(tests)
        return record

    def lost(self, record: Record) -> list[str]:
        """What of the record was not received by the test that it names."""
        return [
            f"{action} {code}: {test}"
            for action, codes in record.items()
            for code, test in codes.items()
            if test not in self.tests.get((action, code), set())
        ]


def codes_of(response: HttpResponse) -> Iterator[str]:
    """The codes of an answer in either format: `R 201`, `S 1000`, `I 1012`, `W 1017`."""
    if response.headers.get("Content-Type", "").startswith("application/xml"):
        tree = _tree_of(ElementTree.fromstring(response.content))
    else:
        tree = json.loads(response.content)["response"]
    status = tree["status"]
    yield f"R {status['code']}"
    yield from _warnings(status)
    yield from _items(tree)


def _items(tree: Any) -> Iterator[str]:
    if isinstance(tree, list):
        for child in tree:
            yield from _items(child)
    elif isinstance(tree, dict):
        for key, value in tree.items():
            if key == "item_status":
                yield f"{'S' if value['success'] == 'true' else 'I'} {value['code']}"
                yield from _warnings(value)
            else:
                yield from _items(value)


def _warnings(status: Any) -> Iterator[str]:
    warnings = (status.get("warnings") or {}).get("warning") or []
    yield from (f"W {code}" for code in ([warnings] if isinstance(warnings, str) else warnings))


def _tree_of(element: ElementTree.Element) -> Any:
    if not len(element):
        return element.text or ""
    tree: dict[str, Any] = {}
    for child in element:
        value = _tree_of(child)
        tree[child.tag] = [*_listed(tree[child.tag]), value] if child.tag in tree else value
    return tree


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_unknown(path: str) -> bool:
    # By name: a plugin is read before Django, and before coverage is measured.
    return resolve(path).func.cls.__name__ == "UnknownResourceView"


_EAR = pytest.StashKey[Ear]()
_LOST = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Listen to every client of tests from now on."""
    ear = config.stash[_EAR] = Ear()
    answer: Callable[..., HttpResponse] = Client.request

    def request(client: Client, **environment: Any) -> HttpResponse:
        response = answer(client, **environment)
        ear.listen(response, response.request["PATH_INFO"])
        return response

    Client.request = request  # type: ignore[method-assign]
    config.pluginmanager.register(_Reports(ear))


class _Reports:
    """What is known of a test once it has ended."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.ear.passed(report.nodeid)
        if report.when == "teardown":
            self.ear.heard.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of several has ended: what its tests received."""
    node.config.stash[_EAR].join(getattr(node, "workeroutput", {}).get(_WORKER_KEY, []))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Send to the controller, or keep and compare, what was received."""
    config, ear = session.config, session.config.stash[_EAR]
    if hasattr(config, "workeroutput"):
        config.workeroutput[_WORKER_KEY] = ear.rows()
        return
    before = json.loads(RECORD.read_text(encoding="utf-8"))
    if exitstatus in _WHOLE:
        config.cache.set(CACHE_KEY, ear.record(before))
    # Where tests failed, what they would have received is not the question.
    if exitstatus == pytest.ExitCode.OK and (lost := ear.lost(before)):
        config.stash[_LOST] = lost
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what is to be done."""
    if lost := config.stash.get(_LOST, []):
        terminalreporter.section("codes that are no longer received")
        terminalreporter.write_line("\n".join(lost))
        terminalreporter.write_line("Mend the tests, or write the record anew: make response-codes")
