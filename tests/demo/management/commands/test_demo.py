"""How is the product tried out?"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from lxml import etree
from pytest_django import Settings

from demo.loading import LOADED, present_edition
from demo.management.commands import demo
from demo.only_one import only_demo
from demo.organization import ORGANIZATION_CODE
from loyalty_project.embedded_postgres.server import Server
from loyalty_project.serving import Address, check_address
from organizations.audit.actors import command_actor
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.organizations import OrganizationFactory
from tests.loyalty_project.test_serving import free_port

IDLE = [sys.executable, "-c", "import time; time.sleep(600)"]
ENDING = [sys.executable, "-c", "raise SystemExit(3)"]


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """An empty data folder that every user can pass, as the database's user has to."""
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    with contextlib.suppress(FileNotFoundError):
        Server(folder / "postgres").stop()
    shutil.rmtree(folder)


def processes_of(data_folder: Path) -> dict[int, str]:
    """The command lines of all processes that work on this data folder, by process id."""
    processes = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"LOYALTY_DATA_DIR={data_folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                processes[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
    return processes


def output_of(call: str) -> str:
    return subprocess.run(["sh", "-c", call], check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed calls are for curl")
def test_the_printed_calls_of_a_new_demo_work(data_folder: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    command = [sys.executable, "manage.py", "demo", "--customers", "100", "--port", str(free_port())]
    with subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env={**environment, "LOYALTY_DATA_DIR": str(data_folder)},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        try:
            lines: list[str] = []
            for line in running.stdout:
                lines.append(line)
                if line.startswith("Ctrl-C ends it."):
                    break
            add_json, add_xml, get = (output_of(line) for line in lines if line.startswith("curl "))
            url = next(line for line in lines if "the back office:" in line).split()[-1]
            page = output_of(f"curl -s --compressed {url}login/")
            style = re.search(r"/static/back_office/style\.[0-9a-f]{12}\.css", page)
            assert style
            headers = output_of(f"curl -sI --compressed {url.removesuffix('/admin/')}{style[0]}").lower()
            at_work = " ".join(processes_of(data_folder).values())
        finally:
            running.send_signal(signal.SIGTERM)
        last = running.stdout.read()
    assert running.returncode == 0
    steps = [line.split(" ...")[0] for line in lines if " ... " in line or line.endswith(" ...\n")]
    assert list(dict.fromkeys(steps))[:5] == [
        "Starting the database",
        "Starting the server",
        "Making the tables of the database",
        "Loading the organization file",
        "Registering customers",
    ]
    assert "Registering customers ... 100 of 100\n" in lines
    assert last.strip() == "Stopped."
    assert "immutable" in headers
    assert "content-encoding: gzip" in headers
    assert all(name in at_work for name in ("manage.py demo", "granian", "manage.py worker"))
    assert processes_of(data_folder) == {}
    assert not Server(data_folder / "postgres").is_running()
    (added,) = json.loads(add_json)["response"]["customers"]["customer"]
    assert added["item_status"]["message"] == "Customer registration successful"
    assert etree.fromstring(add_xml.encode()).findtext("customers/customer/item_status/code") == "1000"
    (customer,) = json.loads(get)["response"]["customers"]["customer"]
    assert customer["user_id"] == str(added["user_id"])
    assert customer["registered_till"]["code"] == "harbour.till1"


@pytest.fixture
def _loaded(db: None) -> None:
    """A row by which `load_demo` takes the demo for loaded; loading itself is tested elsewhere."""
    with unscoped("tests make their rows"):
        organization = OrganizationFactory(code=ORGANIZATION_CODE, with_program=True)
    new = {"edition": present_edition(), "slices": 10, "is_whole": True}
    change = Change(action=LOADED, object_type="organization", object_id=organization.pk, new=new)
    with organization_scope(organization):
        record_changes([change], by=command_actor("load_demo", organization))


@pytest.fixture
def _idle_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker would look into the database of the settings, which these tests do not migrate."""
    monkeypatch.setattr(demo, "worker_command", lambda: IDLE)


@pytest.fixture(autouse=True)
def _nothing_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Static files that are collected would have other names in the pages of later tests."""
    monkeypatch.setattr(demo, "collect_static_files", lambda **_: None)


@contextlib.contextmanager
def once_told_how(out: StringIO, act: Callable[[], None]) -> Iterator[None]:
    """Inside: acts in a thread as soon as the demo says how to end it."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            if "Ctrl-C ends it." in out.getvalue():
                act()
                return

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


@pytest.mark.usefixtures("_loaded", "_idle_worker")
def test_a_database_that_ran_before_keeps_running() -> None:
    address = Address("127.0.0.1", free_port())
    before = signal.getsignal(signal.SIGTERM)
    out = StringIO()
    with once_told_how(out, lambda: os.kill(os.getpid(), signal.SIGTERM)):
        call_command("demo", port=address.port, yes=True, stdout=out)
    assert out.getvalue().endswith("Stopped.\n")
    assert signal.getsignal(signal.SIGTERM) == before
    check_address(address)
    # The database answers.
    assert Organization.objects.filter(code="harbour").exists()


@pytest.mark.usefixtures("_loaded", "_idle_worker")
def test_a_server_that_ends_by_itself_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "granian_command", lambda *_, **__: ENDING)
    with pytest.raises(CommandError, match=r"The server has ended by itself\."):
        call_command("demo", port=free_port(), yes=True, stdout=StringIO())


@pytest.mark.usefixtures("_loaded")
def test_a_worker_that_ends_by_itself_ends_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    end = tmp_path / "end"
    waiting = f"import pathlib, time\nwhile not pathlib.Path({str(end)!r}).exists(): time.sleep(0.05)"
    monkeypatch.setattr(demo, "worker_command", lambda: [sys.executable, "-c", waiting])
    address, out = Address("127.0.0.1", free_port()), StringIO()
    with once_told_how(out, end.touch), pytest.raises(CommandError, match=r"The worker has ended by itself\."):
        call_command("demo", port=address.port, yes=True, stdout=out)
    check_address(address)


@pytest.mark.usefixtures("_loaded", "_idle_worker")
def test_a_server_that_never_answers_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "granian_command", lambda *_, **__: IDLE)
    monkeypatch.setattr(demo, "START_SECONDS", 0.2)
    with pytest.raises(CommandError, match=r"The server does not answer\."):
        call_command("demo", port=free_port(), yes=True, stdout=StringIO())


def test_a_taken_port_is_reported_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CommandError, match="is in use by another program"):
            call_command("demo", port=other.getsockname()[1], yes=True)


def test_a_second_demo_in_one_folder_is_sent_to_the_first(settings: Settings, tmp_path: Path) -> None:
    settings.DATABASE_URL, settings.DATA_DIR = "", tmp_path
    with (
        only_demo(tmp_path, "http://127.0.0.1:8000"),
        pytest.raises(CommandError, match=f"process {os.getpid()} serves http://127.0.0.1:8000"),
    ):
        call_command("demo", port=free_port())


def test_production_refuses_it(settings: Settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="passwords are public"):
        call_command("demo", yes=True)


def test_the_storage_of_data_is_reported(settings: Settings) -> None:
    settings.DATABASE_URL = ""
    assert demo._kept_in() == str(settings.DATA_DIR)
    settings.DATABASE_URL = "postgresql://shop@db.example/shop"
    assert demo._kept_in() == "the database of DATABASE_URL"


def test_signals_that_are_ignored_stay_ignored() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with demo._signals([signal.SIGHUP], signal.default_int_handler):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, former)
