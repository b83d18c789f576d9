"""Processor time from /proc, and the description of the machine."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.machine import database_process, describe, processor_seconds

BURN = "import time\nwhile time.process_time() < 0.35: pass"


def test_time_of_ended_children_counts():
    before = processor_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert processor_seconds(os.getpid()) - before >= 0.25


def test_time_of_running_grandchildren_counts():
    command = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN + chr(10) + 'time.sleep(60)'!r}]).wait()"
    child = subprocess.Popen([sys.executable, "-c", command], start_new_session=True)
    try:
        deadline = time.monotonic() + 30
        while processor_seconds(child.pid) < 0.3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert processor_seconds(child.pid) >= 0.3
    finally:
        os.killpg(child.pid, 9)
        child.wait()


def test_process_that_does_not_exist_has_used_no_time():
    assert processor_seconds(2**22 + 1) == 0


@pytest.mark.django_db
def test_description_names_versions_settings_and_commit():
    machine = describe()
    assert machine["processors"] >= 1
    assert machine["database"]["fsync"] in {"on", "off"}
    assert machine["libraries"]["granian"]
    assert isinstance(machine["commit"], str)


@pytest.mark.django_db
def test_database_process_uses_time_if_it_runs_on_this_machine():
    process = database_process()
    assert process is None or processor_seconds(process) > 0
