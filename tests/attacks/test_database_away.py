"""The database cannot be reached: every door says so in its own form, and works again by itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client
from structlog.testing import capture_logs

from loyalty_project.api import batch
from loyalty_project.faults import Point
from organizations.locations.models import Till
from tests.api import Api
from tests.back_office import log_in
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db(transaction=True)


def lose_database(patch: pytest.MonkeyPatch) -> None:
    """From now on nobody listens at the database's address."""
    connection.close()
    patch.setattr(type(connections["default"]), "get_new_connection", lambda *_: psycopg.connect("host=/nonexistent"))


@contextmanager
def database_away() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        lose_database(patch)
        yield
    connection.close()


@pytest.mark.parametrize(
    ("method", "action"),
    [
        ("GET", "get?mobile=1"),
        ("POST", "add"),
        ("POST", "update"),
        ("GET", "search?q=x"),
        ("GET", "nonsense"),
        ("GET", "get.xml"),
    ],
)
def test_a_till_is_answered_503_in_the_envelope(till: Till, method: str, action: str) -> None:
    api = Api(till)
    assert api.get("mobile=9812399999").http.status_code == 200
    with database_away(), capture_logs() as logs:
        answer = api.call(method, action, body={"root": {"customer": [{"mobile": "9812300001"}]}} if method == "POST" else None)
    assert (answer.http.status_code, answer.http["Retry-After"]) == (503, "2")
    assert b"503" in answer.http.content
    assert [log["event"] for log in logs] == ["database_away"]
    assert api.get("mobile=9812399999").http.status_code == 200


def test_the_token_endpoint_is_503_in_its_own_form() -> None:
    with database_away(), capture_logs():
        answer = Client(raise_request_exception=False).post(
            "/v3/oauth/token/generate", '{"key": "a", "secret": "b"}', content_type="application/json"
        )
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert json.loads(answer.content)["errors"][0]["code"] == 503


def test_the_back_office_is_a_plain_page(till: Till) -> None:
    browser = log_in(StaffMemberFactory(organization=till.organization, role="org_admin", username="asha"))
    browser.raise_request_exception = False
    with database_away(), capture_logs() as logs:
        pages = [
            browser.get("/admin/"),
            browser.get("/admin/customers/customer/"),
            Client(raise_request_exception=False).post("/admin/login/", {"username": "asha", "password": "guess"}),
        ]
    for page in pages:
        assert (page.status_code, page["Retry-After"]) == (503, "2")
        assert b"Not available at the moment" in page.content
    assert {log["event"] for log in logs} == {"database_away"}
    assert browser.get("/admin/").status_code == 200


def test_a_batch_whose_first_items_are_stored_says_which(till: Till, monkeypatch) -> None:
    api = Api(till)
    assert api.get("mobile=9812399999").http.status_code == 200

    with monkeypatch.context() as patch, capture_logs():
        patch.setattr(batch, "reach", lambda point: lose_database(patch) if point is Point.AFTER_COMMIT else None)
        # The second is about the first one's customer, so that they share no transaction.
        answer = api.add({"mobile": "9812300001"}, {"mobile": "9812300001"}, {"mobile": "9812300003"})
    connection.close()
    assert (answer.http.status_code, answer.codes) == (200, ["1000", "10001", "10001"])
