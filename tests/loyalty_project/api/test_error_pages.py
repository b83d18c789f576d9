import json

import pytest
from django.test import Client
from structlog.testing import capture_logs

pytestmark = pytest.mark.urls("tests.loyalty_project.api.wire_urls")
JSON, XML = "application/json; charset=utf-8", "application/xml; charset=utf-8"


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("path", ["/v1.1", "/v1.1/", "/1.1/customer/get", "/api/v1.1/x", "/api/1.1", "/v1.1/customer/%E5%B1"])
def test_unknown_addresses_of_the_api_are_404_in_the_envelope(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, JSON)
    assert json.loads(response.content)["response"]["status"] == {
        "success": "false",
        "code": 404,
        "message": "Incorrect resource",
    }
    assert response["X-Cap-Requestid"]


@pytest.mark.parametrize("path", ["/v2", "/v2/x?format=xml", "/v2/x.xml", "/v3/x", "/v3/oauth/%ff%00%c3"])
def test_unknown_addresses_of_other_versions_are_404_in_json(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, JSON)
    assert json.loads(response.content) == {
        "data": None,
        "errors": [{"code": 404, "message": "Incorrect resource"}],
        "warnings": [],
    }
    assert response["X-Cap-Requestid"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.urls("loyalty_project.urls")
def test_every_method_of_other_versions_is_404_without_log_in(method: str) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.generic(method, "/v2/customers/12", '{"a": 1}', content_type="application/json")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, 404)


@pytest.mark.parametrize(
    ("path", "content_type"), [("/v1.1/x?format=xml", XML), ("/v1.1/x.xml", XML), ("/v1.1/x.xml/", XML), ("/v1.1/x", JSON)]
)
def test_the_format_is_the_asked_one(client: Client, path: str, content_type: str) -> None:
    assert client.get(path)["Content-Type"] == content_type


@pytest.mark.parametrize("path", ["/", "/v1.10/x", "/v3x", "/api/x", "/pages"])
def test_other_addresses_have_the_ordinary_pages(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("host", ["evil.example.com", "a b", "[::1", "\xff"])
def test_a_host_that_is_not_ours_is_400(client: Client, host: str) -> None:
    response = client.get("/v1.1/echo", HTTP_HOST=host)
    assert (response.status_code, json.loads(response.content)["response"]["status"]["code"]) == (400, 400)
    page = client.get("/pages/bug", HTTP_HOST=host)
    assert (page.status_code, page["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_permission_denied_is_403(client: Client) -> None:
    response = client.get("/v1.1/plain/denied")
    assert (response.status_code, json.loads(response.content)["response"]["status"]["code"]) == (403, 4000)
    assert client.get("/pages/denied")["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "content_type"), [("/v1.1/plain/bug?format=xml", XML), ("/pages/bug", "text/html; charset=utf-8")]
)
def test_an_exception_outside_of_the_apis_views_is_500_and_logged(client: Client, path: str, content_type: str) -> None:
    with capture_logs() as logs:
        response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (500, content_type)
    assert [(log["event"], type(log["exc_info"])) for log in logs] == [("request_failed", RuntimeError)]
    assert b"asha@example.com" not in response.content
    assert (b"This is a fault of the software" in response.content) == (path == "/pages/bug")


def test_a_doubled_slash_before_the_address_is_still_the_api(client: Client) -> None:
    assert client.get("/", PATH_INFO="//v1.1/customer/get")["Content-Type"] == JSON
