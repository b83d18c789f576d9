"""How is the application served?"""

import http.client
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from loyalty_project.management.commands import serve
from loyalty_project.serving import Address, granian_command, wait_until_answered
from tests.loyalty_project.test_serving import free_port


def test_it_answers_and_ends_politely_on_sigterm() -> None:
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port), "--workers", "1", "--threads", "1"]
    # Files that cannot be collected are served as they are.
    environment = {**os.environ, "STATIC_ROOT": "/proc/nowhere"}
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        address = Address("127.0.0.1", port)
        try:
            assert wait_until_answered(address, "/healthz", seconds=60, is_alive=lambda: server.poll() is None)
            with closing(http.client.HTTPConnection(address.host, port, timeout=10)) as connection:
                connection.request("GET", "/static/admin/css/base.css")
                assert connection.getresponse().status == http.HTTPStatus.OK
        finally:
            server.send_signal(signal.SIGTERM)
        output = server.communicate(timeout=60)[0]
    assert server.returncode == 0
    assert "Listening at" in output
    assert "/healthz" not in output


def test_the_process_itself_becomes_granian(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[tuple[str, list[str]]] = []
    monkeypatch.setenv("SERVER_THREADS", "4")
    collected: list[bool] = []
    monkeypatch.setattr(serve, "collect_static_files", lambda: collected.append(True))
    monkeypatch.setattr(os, "execv", lambda path, arguments: became.append((path, arguments)))
    port = free_port()
    call_command("serve", "--port", str(port), "--workers", "3", "--threads", "2")
    assert became == [(sys.executable, granian_command(Address("127.0.0.1", port), workers=3))]
    assert os.environ["SERVER_THREADS"] == "2"
    assert collected == [True]


def test_a_taken_port_is_reported_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="is in use by another program"):
            call_command("serve", port=other.getsockname()[1])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--port", "0"], "must be from 1 to 65535"),
        (["--port", "65536"], "must be from 1 to 65535"),
        (["--workers", "0"], "must be 1 or more"),
        (["--threads", "none"], "must be a whole number"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("serve", *arguments)
