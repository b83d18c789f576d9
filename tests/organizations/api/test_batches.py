"""Calls under an Idempotency-Key, from the till's side (docs/protocol.md 1.10)."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from structlog.testing import capture_logs

from organizations.audit.models import AuditEntry
from organizations.credentials.models import ApiClient
from organizations.credentials.tokens import issue_token
from organizations.idempotency.models import IdempotencyKey, KeptAnswer
from organizations.locations.models import Store, Till
from organizations.tenancy.scoping import organization_scope
from tests.api import Api
from tests.factories.locations import TillFactory

MINA = {"mobile": "9812345678", "firstname": "Mina"}
MINA_IN_XML = "<root><customer><firstname>Mina</firstname><mobile>9812345678</mobile></customer></root>"
BODY = {"root": {"customer": [MINA]}}


@pytest.fixture
def api(till: Till) -> Api:
    return Api(till)


def entries() -> int:
    """How often something was done."""
    return AuditEntry.objects.count()


def test_a_retry_is_answered_alike_and_nothing_happens_again(api: Api) -> None:
    first = api.add(MINA, key="bill-1")
    again = api.add(MINA, key="bill-1")
    assert first.message == again.message == "Customer registration successful"
    assert first.http.content == again.http.content
    assert (first.is_replayed, again.is_replayed, entries()) == (False, True, 1)


def test_without_a_key_every_call_is_worked(api: Api) -> None:
    answers = [api.add(MINA) for _ in range(2)]
    assert [answer.is_replayed for answer in answers] == [False, False]
    assert [answer.message for answer in answers] == ["Customer registration successful", "Customer successfully updated"]
    assert not IdempotencyKey.objects.exists()


def test_a_retry_may_be_written_and_answered_in_the_other_format(api: Api) -> None:
    in_json = api.add({"mobile": 9812345678, "firstname": "Mina"}, query="format=json&user_id=true", key="bill-1")
    in_xml = api.call(
        "POST", "register.xml", "user_id=true", MINA_IN_XML, Content_Type="application/xml", Idempotency_Key="bill-1"
    )
    assert in_xml.is_replayed
    assert in_xml.xml.findtext("customers/customer/user_id") == str(in_json.item["user_id"])
    assert [child.tag for child in in_xml.xml.find("customers/customer") or []] == list(in_json.item)
    assert api.add(MINA, query="format=json&user_id=true", key="bill-1").http.content == in_json.http.content
    assert entries() == 1


@pytest.mark.parametrize("change", [{"item": {**MINA, "lastname": "Lowell"}}, {"query": "user_id=true"}])
def test_other_content_under_a_key_is_422(api: Api, change: dict[str, Any]) -> None:
    api.add(MINA, key="bill-1")
    answer = api.add(change.get("item", MINA), query=change.get("query", ""), key="bill-1")
    assert (answer.http.status_code, answer.status["code"]) == (422, 400)
    assert answer.status["warnings"] == {"warning": []}
    assert entries() == 1
    assert api.add(MINA, key="bill-1").is_replayed


@pytest.mark.parametrize("key", ["x" * 256, "two words", "café"])
def test_a_key_that_is_none_is_400(api: Api, key: str) -> None:
    answer = api.add(MINA, key=key)
    assert (answer.http.status_code, answer.status["code"], entries()) == (400, 400, 0)


def test_a_refused_request_takes_no_key(api: Api) -> None:
    assert api.call("POST", "add", "", "{", Idempotency_Key="bill-1").http.status_code == 400
    assert api.add(MINA, key="bill-1").code == "1000"


def test_a_read_knows_no_keys(api: Api) -> None:
    api.add(MINA)
    for _ in range(2):
        assert not api.call("GET", "get", "mobile=9812345678", Idempotency_Key="two words").is_replayed


def test_add_and_update_have_keys_of_their_own_and_put_is_post(api: Api) -> None:
    api.add(MINA, key="bill-1")
    assert not api.update({**MINA, "lastname": "Lowell"}, key="bill-1").is_replayed
    body = {"customer": {**MINA, "lastname": "Lowell"}}
    assert api.call("PUT", "update", "", body, Idempotency_Key="bill-1").is_replayed
    assert entries() == 2


def test_credentials_have_keys_of_their_own(api: Api, store: Store, client_row: ApiClient, stranger: Till) -> None:
    api.add(MINA, key="bill-1")
    assert not Api(TillFactory(store=store, code="mgroad.till2")).add(mobile="9812345679", key="bill-1").is_replayed
    assert not Api(stranger).add(MINA, key="bill-1").is_replayed
    headers = {"X-CAP-API-OAUTH-TOKEN": issue_token(client_row), "Idempotency-Key": "bill-1"}
    answers = [Client().post("/v1.1/customer/add", BODY, content_type="application/json", headers=headers) for _ in range(2)]
    # The client acts for the till whose key it is, and is still another caller.
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true"]


def test_refusals_of_rules_are_kept_and_the_header_wants_all_items(api: Api) -> None:
    items = [MINA, {"mobile": "12ab"}, {"email": "a\x00@example.com"}, {}]
    first = api.add(*items, key="batch")
    again = api.add(*items, key="batch")
    assert first.codes == again.codes == ["1000", "1001", "400", "1007"]
    assert first.http.content == again.http.content
    assert again.is_replayed
    assert list(KeptAnswer.objects.values_list("position", "succeeded", "subject_id")) == [
        (0, True, first.items[0]["user_id"]),
        (1, False, None),
        (2, False, None),
        (3, False, None),
    ]


def test_a_technical_failure_is_worked_again_and_the_rest_is_not(api: Api) -> None:
    """The database refuses one of two."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_customer ADD CONSTRAINT no_noor CHECK (firstname <> 'Noor')")
    items = [MINA, {"mobile": "9812345679", "firstname": "Noor"}]
    with capture_logs() as logs:
        first = api.add(*items, key="batch")
    assert (first.codes, [log["event"] for log in logs]) == (["1000", "10001"], ["item_failed"])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE customers_customer DROP CONSTRAINT no_noor")
    second = api.add(*items, key="batch")
    assert (second.codes, second.is_replayed, entries()) == (["1000", "1000"], False, 2)
    assert second.items[0] == first.items[0]
    assert api.add(*items, key="batch").is_replayed


def test_a_mirrored_http_status_is_mirrored_again(api: Api) -> None:
    organization = api.till.organization
    organization.flags = {"V1_MIRROR_HTTP_STATUS": True}
    organization.save()
    answers = [api.add(mobile="12ab", key="bill-1") for _ in range(2)]
    assert [(answer.http.status_code, answer.is_replayed) for answer in answers] == [(500, False), (500, True)]


@pytest.mark.parametrize(("count", "first", "again"), [(1, 16, 6), (3, 44, 14)])
def test_a_key_takes_a_query_and_each_item_four(
    api: Api, django_assert_num_queries: DjangoAssertNumQueries, count: int, first: int, again: int
) -> None:
    """The key once; then for each item its claim, a savepoint (2) and its answer. A replay claims and reads."""
    api.add(mobile="9812345679")
    items = [{"mobile": str(9812345670 + number)} for number in range(count)]
    for queries in (first, again):
        with django_assert_num_queries(queries):
            api.add(*items, key="batch")


def test_a_stranger_sees_nothing_of_the_keys(api: Api, stranger: Till) -> None:
    api.add(MINA, key="bill-1")
    with organization_scope(stranger.organization):
        assert not IdempotencyKey.objects.exists()
        assert not KeptAnswer.objects.exists()


def test_what_is_kept_is_the_item_alone(api: Api) -> None:
    answer = api.add(MINA, key="bill-1")
    assert json.loads(KeptAnswer.objects.get().body) == answer.item
