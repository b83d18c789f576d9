"""What the plugin hears (tests/received_codes.py)."""

import pytest

from tests.api import Api
from tests.received_codes import Ear, codes_of

pytestmark = pytest.mark.django_db
RECEIVED = {"R 201", "S 1000", "I 1001", "W 1009", "W 91003"}
ITEMS = [{"mobile": "9812345678", "firstname": "A*n", "referral_code": "NOBODY"}, {"mobile": "12ab"}]


@pytest.fixture
def api(till):
    return Api(till)


def test_codes_of_items_warnings_and_the_whole_are_heard_in_json_and_xml(api):
    body = {"root": {"customer": ITEMS}}
    for address in ("add", "register.xml/"):
        assert set(codes_of(api.call("POST", address, "", body).http)) == RECEIVED


def test_one_item_of_one_answer_is_heard_as_well(api):
    api.add(mobile="9812345678")
    assert set(codes_of(api.call("GET", "redemptions", "mobile=9812345678").http)) == {"R 200"}
    assert set(codes_of(api.call("GET", "transactions.xml", "mobile=9812345678").http)) == {"R 500", "I 1051"}
    assert set(codes_of(api.call("GET", "nothing").http)) == {"R 404"}


def test_an_action_has_one_name_and_an_unknown_one_none(api):
    ear = Ear()
    for path in ("/v1.1/customer/register", "/1.1/customer/add.XML", "/v1.1/customer/nothing", "/v1.1/customer", "/healthz"):
        ear.listen(api.call("POST", "add", "", {"root": {"customer": ITEMS}}).http, path)
    assert {action for action, _ in ear.heard} == {"add"}


def test_the_first_test_by_name_is_recorded_for_each_code():
    ear, worker = Ear(), Ear()
    worker.heard = {("add", "S 1000")}
    worker.passed("tests/b.py::test_b[1]")
    ear.join(worker.rows())
    ear.heard = {("add", "S 1000"), ("get", "I 1012")}
    ear.passed("tests/a.py::test_a")
    assert ear.record({}) == {"add": {"S 1000": "tests/a.py::test_a"}, "get": {"I 1012": "tests/a.py::test_a"}}
    assert ear.lost({"add": {"S 1000": "tests/b.py::test_b"}}) == []
    assert ear.lost({"add": {"S 1000": "tests/c.py::test_c", "I 1001": "tests/a.py::test_a"}}) == [
        "add S 1000: tests/c.py::test_c",
        "add I 1001: tests/a.py::test_a",
    ]


def test_a_recorded_test_stays_while_it_receives_its_code():
    ear = Ear()
    ear.join([("get", "S 1000", ["tests/a.py::test_a", "tests/b.py::test_b"])])
    assert ear.record({"get": {"S 1000": "tests/b.py::test_b"}}) == {"get": {"S 1000": "tests/b.py::test_b"}}
    assert ear.record({"get": {"S 1000": "tests/c.py::test_c"}}) == {"get": {"S 1000": "tests/a.py::test_a"}}


def test_what_a_sample_of_hostile_requests_receives_is_not_recorded():
    ear = Ear()
    for test in ("tests/attacks/test_bodies.py::test_bodies_are_answered[add]", "tests/attacks/test_database_away.py::test_a"):
        ear.heard = {("get", "R 503")}
        ear.passed(test)
    assert ear.record({}) == {"get": {"R 503": "tests/attacks/test_database_away.py::test_a"}}
