"""Processes of the application that start at once: forked from a process that has loaded it (tests/preloaded.py).

Each is what `python ...` would be on the test's database, with a process id, signals and an end of its own. Only the two
seconds are spared in which Python imports the application.
"""

import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context, set_start_method
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest import mock
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from loyalty_project import faults

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.preloaded"])


def start_python(*arguments: str, output: Path | None = None, errors: Path | None = None, fault: str = "") -> BaseProcess:
    """Start `python ARGUMENTS`: `-m MODULE ...`, `-c CODE ...` or `SCRIPT ...`, to die at `fault` (REGULARS_FAULT).

    It leads a session of its own. `output` and `errors` are the files that it appends to.
    """
    # The process that forks takes them over when it starts, with the first call.
    environment = {"DJANGO_SETTINGS_MODULE": "loyalty_project.settings", "DATABASE_URL": database_url(), "LOG_JSON": "1"}
    with mock.patch.dict(os.environ, environment):
        process = _CONTEXT.Process(target=_run_python, args=(arguments, {1: output, 2: errors}, fault))
        process.start()
    return process


def run_python(*arguments: str, output: Path | None = None, errors: Path | None = None, fault: str = "") -> int:
    """Run it to its end: its exit status, negative for a signal."""
    process = start_python(*arguments, output=output, errors=errors, fault=fault)
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def kill_session(process: BaseProcess) -> None:
    """Kill the process and all that it has started."""
    assert process.pid
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()


def database_url() -> str:
    """The test's database, as DATABASE_URL takes it."""
    connection.ensure_connection()
    info = connection.connection.info
    password = f":{quote(info.password, safe='')}" if info.password else ""
    return f"postgresql://{quote(info.user, safe='')}{password}@{quote(info.host, safe='')}:{info.port}/{quote(info.dbname)}"


def _run_python(arguments: Sequence[str], files: Mapping[int, Path | None], fault: str) -> None:
    assert "tests.preloaded" in sys.modules  # multiprocessing ignores an ImportError
    os.setsid()
    os.chdir(settings.BASE_DIR)
    for descriptor, path in files.items():
        if path:
            os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), descriptor)
    # The workers of granian are forked as well, and die at the same point.
    set_start_method("fork", force=True)
    faults._fault = faults.read_fault(fault)
    match arguments:
        case ["-m", module, *options]:
            sys.argv = [module, *options]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        case ["-c", code, *options]:
            sys.argv = ["-c", *options]
            exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - code of the tests
        case [script, *options]:
            sys.argv = [script, *options]
            runpy.run_path(script, run_name="__main__")
