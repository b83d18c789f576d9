"""One demo at a time in a data folder (demo/only_one.py)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from demo.only_one import DemoRunsError, only_demo

FIRST = """
import sys, time
from pathlib import Path
from demo.only_one import only_demo
with only_demo(Path(sys.argv[1]), "http://127.0.0.1:8001"):
    print("runs", flush=True)
    time.sleep(600)
"""


def test_a_second_one_is_told_which_runs_and_may_run_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with only_demo(folder, "http://127.0.0.1:8000"):
        with pytest.raises(DemoRunsError, match=f"process {os.getpid()} serves http://127.0.0.1:8000"), only_demo(folder, "x"):
            pass
        with only_demo(tmp_path / "another", "http://127.0.0.1:8001"):
            pass
    with only_demo(folder, "http://127.0.0.1:8002"):
        assert (folder / "demo.lock").read_text() == f"{os.getpid()} http://127.0.0.1:8002\n"


def test_a_demo_that_was_killed_keeps_no_other_out(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FIRST, str(tmp_path)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout
        assert first.stdout.readline() == "runs\n"
        with pytest.raises(DemoRunsError, match=f"process {first.pid} serves"), only_demo(tmp_path, "x"):
            pass
        first.kill()
    with only_demo(tmp_path, "x"):
        pass
