"""Where does a process die on purpose?"""

import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loyalty_project import faults
from loyalty_project.faults import Fault, Point, reach, read_fault

PASSING = """
import django
django.setup()
from loyalty_project.faults import Point, reach
reach(Point.AFTER_KEY)
print("once", flush=True)
reach(Point.AFTER_EFFECT)
reach(Point.AFTER_KEY)
print("twice", flush=True)
"""


def passing(**environment: str) -> subprocess.CompletedProcess[str]:
    """A process that reaches one point twice."""
    return subprocess.run(
        [sys.executable, "-c", PASSING],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty_project.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_process_is_killed_at_its_point_the_nth_time() -> None:
    process = passing(REGULARS_FAULT="item.after_key:2")
    assert (process.returncode, process.stdout) == (-signal.SIGKILL, "once\n")
    assert "killed_on_purpose" in process.stderr
    assert passing(REGULARS_FAULT="item.after_key").stdout == ""


def test_production_is_never_killed() -> None:
    process = passing(
        REGULARS_FAULT="item.after_key",
        LOYALTY_MODE="production",
        SECRET_KEY="x" * 50,
        ALLOWED_HOSTS="shop.example",
        DATABASE_URL="postgresql://regulars@localhost/regulars",
    )
    assert (process.returncode, process.stdout) == (0, "once\ntwice\n")


def test_a_process_does_not_begin_with_a_fault_that_cannot_happen() -> None:
    process = passing(REGULARS_FAULT="item.after_kee")
    assert (process.returncode, process.stdout) == (1, "")
    assert "one of item.before_key, item.after_key, " in process.stderr


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", None),
        ("item.after_key", Fault(Point.AFTER_KEY, 1)),
        ("call.before_answer:12", Fault(Point.BEFORE_ANSWER, 12)),
    ],
)
def test_a_fault_is_a_point_and_a_number(text: str, fault: Fault | None) -> None:
    parsed = read_fault(text)
    assert (parsed and (parsed.point, parsed.nth)) == (fault and (fault.point, fault.nth))


@pytest.mark.parametrize("text", ["item", "item.after_key:", "item.after_key:0", "item.after_key:x", ":1", "ITEM.AFTER_KEY"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="POINT:N for the Nth time"):
        read_fault(text)


def test_a_fault_strikes_neither_at_other_points_nor_before_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: killed.append(number))
    monkeypatch.setattr(faults, "_fault", Fault(Point.AFTER_KEY, 2))
    for point in (Point.AFTER_KEY, Point.BEFORE_KEY, Point.AFTER_COMMIT):
        reach(point)
    assert killed == []
    reach(Point.AFTER_KEY)
    assert killed == [signal.SIGKILL]


def test_points_are_passed_where_no_fault_was_asked_for() -> None:
    assert faults._fault is None
    for point in Point:
        reach(point)
