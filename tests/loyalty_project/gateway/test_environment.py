from dataclasses import dataclass, field
from io import BytesIO

from loyalty_project.gateway.bodies import Body
from loyalty_project.gateway.environment import environment_of


class FakeHeaders(list[tuple[str, str]]):
    """Headers as the server hands them over."""

    def items(self) -> list[tuple[str, str]]:
        return list(self)

    def get(self, key: str, default: str | None = None) -> str | None:
        return next((value for name, value in self if name == key), default)


@dataclass
class FakeScope:
    """A request as the server describes it."""

    headers: FakeHeaders = field(default_factory=FakeHeaders)
    http_version: str = "1.1"
    server: str = "127.0.0.1:8000"
    client: str = "192.0.2.7:4711"
    scheme: str = "http"
    method: str = "GET"
    path: str = "/v1.1/customer/get"
    query_string: str = "mobile=%2B91"


def environment(scope: FakeScope) -> dict[str, object]:
    return environment_of(scope, Body(BytesIO(), is_complete=True))


def test_addresses_have_no_port_and_no_brackets() -> None:
    made = environment(FakeScope(server="[::1]:8000", client="[2001:db8::1]:4711"))
    assert (made["SERVER_NAME"], made["SERVER_PORT"], made["REMOTE_ADDR"]) == ("::1", "8000", "2001:db8::1")


def test_the_path_is_latin_1_text_of_its_bytes() -> None:
    assert environment(FakeScope(path="/é"))["PATH_INFO"] == "/Ã©"
    assert environment(FakeScope())["QUERY_STRING"] == "mobile=%2B91"


def test_headers_get_their_names_of_wsgi() -> None:
    made = environment(FakeScope(FakeHeaders([("content-type", "a/b"), ("content-length", "3"), ("x-cap-a", "1")])))
    assert (made["CONTENT_TYPE"], made["CONTENT_LENGTH"], made["HTTP_X_CAP_A"]) == ("a/b", "3", "1")


def test_repeated_headers_are_joined() -> None:
    repeated = [("x-forwarded-for", "192.0.2.1"), ("cookie", "a=1"), ("x-forwarded-for", "192.0.2.2"), ("cookie", "b=2")]
    made = environment(FakeScope(FakeHeaders(repeated)))
    assert (made["HTTP_X_FORWARDED_FOR"], made["HTTP_COOKIE"]) == ("192.0.2.1,192.0.2.2", "a=1; b=2")


def test_a_header_with_an_underscore_is_left_out() -> None:
    made = environment(FakeScope(FakeHeaders([("x_forwarded_for", "192.0.2.1"), ("x-forwarded_proto", "https")])))
    assert not [name for name in made if name.startswith("HTTP_X")]
