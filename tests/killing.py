"""A server process that dies in the middle of a call, and the till that tries again.

A proof hands over a call and a point; what it looks at afterwards, in the database and in the answer, is its own:

    answer = die_and_retry(till, Point.AFTER_EFFECT, lambda api: api.add(mobile="9812345678", key="bill-1"))
"""

import http.client
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.http import HttpResponse

from loyalty_project.serving import Address, granian_command, wait_until_answered
from organizations.locations.models import Till
from tests.api import Answer, Api
from tests.forking import kill_session, start_python
from tests.loyalty_project.test_serving import free_port

_START_SECONDS = 60.0
_ANSWER_SECONDS = 30.0


@dataclass
class RemoteApi(Api):
    """Calls as one till, over HTTP. A server that dies shows as an OSError or HTTPException."""

    address: Address | None = None

    def send(self, method: str, address: str, data: str | bytes, headers: dict[str, str]) -> HttpResponse:
        assert self.address
        with closing(http.client.HTTPConnection(self.address.host, self.address.port, timeout=_ANSWER_SECONDS)) as connected:
            connected.request(method, address, data.encode() if isinstance(data, str) else data, headers)
            answer = connected.getresponse()
            return HttpResponse(answer.read(), status=answer.status, headers=dict(answer.getheaders()))


@dataclass(frozen=True)
class Served:
    """A running server, and what it has said so far."""

    address: Address
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")


@contextmanager
def served(fault: str = "", *, workers: int = 1) -> Iterator[Served]:
    """The application as `manage.py serve` runs it, on the test's database, to die at `fault` (REGULARS_FAULT).

    It ends without a word of farewell: killed, with all its processes.
    """
    address = Address("127.0.0.1", free_port())
    command = granian_command(address, workers=workers, quiet=True)
    with tempfile.NamedTemporaryFile(prefix="served-", suffix=".log") as file:
        log = Path(file.name)
        server = start_python(*command[1:], output=log, errors=log, fault=fault)
        here = Served(address, log)
        try:
            alive = wait_until_answered(address, "/healthz", seconds=_START_SECONDS, is_alive=server.is_alive)
            assert alive, here.said()
            yield here
        finally:
            kill_session(server)


def die_and_retry(till: Till, fault: str, call: Callable[[Api], Answer]) -> Answer:
    """Make the call to a server that dies at `fault` while it works on it, and again to one that lives: its answer."""
    with served(fault) as server:
        try:
            answer = call(RemoteApi(till, address=server.address))
        except (OSError, http.client.HTTPException):
            pass
        else:
            raise AssertionError(f"{fault}: answered {answer.http.content!r}")
        assert "killed_on_purpose" in server.said(), server.said()
    with served() as server:
        return call(RemoteApi(till, address=server.address))
