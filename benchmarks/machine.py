"""The machine: its description, and the processor time of the servers that are measured, from /proc."""

import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection

_PROCESSES: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_DURABLE: Final = ("fsync", "synchronous_commit", "full_page_writes")
_SHOWN: Final = (*_DURABLE, "server_version", "shared_buffers", "jit", "plan_cache_mode")
_LIBRARIES: Final = ("django", "djangorestframework", "granian", "psycopg", "orjson", "lxml")


def describe() -> dict[str, Any]:
    """Machine, versions, the database's settings and the commit."""
    return {
        "processors": usable_processors(),
        "processor": _processor_name(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "database": {name: database_setting(name) for name in _SHOWN},
        "commit": _commit(),
    }


def usable_processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0))


def is_durable() -> bool:
    """True if the database waits for the disk, as it does in operation."""
    return all(database_setting(name) == "on" for name in _DURABLE)


def database_setting(name: str) -> str:
    """The value of a setting of the database server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


def database_process() -> int | None:
    """The process id of the database server; None if it runs elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    found = _read(backend)
    return found.parent if found and found.name.startswith("postgres") else None


def processor_seconds(root: int) -> float:
    """Processor time of a process and everything that it has started, ended children included (resolution: 10 ms)."""
    processes = {process.pid: process for process in _all()}
    included = [pid for pid in processes if _descends(pid, root, processes)]
    return sum(processes[pid].seconds for pid in included)


class _Process:
    """One line of /proc/PID/stat."""

    def __init__(self, pid: int, line: str) -> None:
        name, _, rest = line.partition("(")[2].rpartition(")")
        fields = rest.split()
        self.pid, self.name, self.parent = pid, name, int(fields[1])
        # User and system time, its own and of children that have ended.
        self.seconds = sum(map(int, fields[11:15])) / _TICKS


def _all() -> Iterator[_Process]:
    for folder in _PROCESSES.iterdir():
        if folder.name.isdigit() and (process := _read(int(folder.name))):
            yield process


def _read(pid: int) -> _Process | None:
    try:
        return _Process(pid, (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # it has ended
        return None


def _descends(pid: int, root: int, processes: dict[int, _Process]) -> bool:
    while pid in processes and pid != root:
        pid = processes[pid].parent
    return pid == root


def _processor_name() -> str:
    lines = (_PROCESSES / "cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    """The commit of the working tree, "+" behind it if files have changed; "" outside of a repository."""
    described = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return described.stdout.strip()
