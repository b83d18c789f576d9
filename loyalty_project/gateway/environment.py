"""The WSGI environment of a request, from the server's scope."""

import sys
from functools import lru_cache
from typing import Any, Final, Protocol

from loyalty_project.gateway.bodies import Body

_ALWAYS: Final[dict[str, Any]] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.errors": sys.stderr,
    # The input ends with the body, also when that has no Content-Length.
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
_PLAIN: Final = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


class Headers(Protocol):
    """The headers of a request, names in lower case."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def items(self) -> list[tuple[str, str]]: ...


class Scope(Protocol):
    """What the server says about a request (RSGI 1.6)."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Headers


def environment_of(scope: Scope, body: Body) -> dict[str, Any]:
    """The WSGI environment (PEP 3333).

    Repeated headers are joined. Headers with an underscore are left out: `X_Forwarded_For` would otherwise count as
    `X-Forwarded-For`, which only proxies may write.
    """
    host, _, port = scope.server.rpartition(":")
    environment = {
        **_ALWAYS,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
    }
    for name, value in scope.headers.items():
        if "_" in name:
            continue
        key = _key_of(name)
        if key in environment:
            environment[key] += ("; " if key == "HTTP_COOKIE" else ",") + value
        else:
            environment[key] = value
    return environment


@lru_cache(maxsize=1000)
def _key_of(header: str) -> str:
    return _PLAIN.get(header) or "HTTP_" + header.upper().replace("-", "_")
