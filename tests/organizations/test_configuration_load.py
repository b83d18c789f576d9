"""Proof that no call works by an outdated configuration: processes answer calls while it changes again and again."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connection

from engagement.programs.models import Program
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.fields import FieldFactory
from tests.factories.locations import TillFactory
from tests.factories.programs import TierFactory
from tests.forking import kill_session, start_python
from tests.organizations.configuration_load import CHANGES, PROCESSES, TILL, Board

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
FULL = os.environ.get("REGULARS_PROOFS") == "full"
# Changes, and the calls of each process that they go on for at least.
CHANGED, CALLED = (3_000, 1_500) if FULL else (120, 40)
# Pauses between changes, in turn: with none every call meets a new version, with long ones calls share snapshots.
PAUSES = (0.0, 0.0, 0.005, 0.03)
PATIENCE = 60.0
CALLS = (
    "import sys; from tests.organizations.configuration_load import answer_calls; answer_calls(sys.argv[1], int(sys.argv[2]))"
)


class Result(NamedTuple):
    """Calls of all processes, changes meanwhile, and numbers in answers that were outdated or never committed."""

    calls: int
    changes: int
    stale: int
    taken_back: int


@pytest.fixture
def organization(transactional_db: None) -> Iterator[Organization]:
    with unscoped("tests make their rows"):
        till: Till = TillFactory(code=TILL)
        organization = till.organization
    with organization_scope(organization):
        FieldFactory(organization=organization)
        TierFactory(program=Program.objects.get())
        yield organization


@contextmanager
def calling(board: Board, file: Path, log: Path) -> Iterator[Sequence[BaseProcess]]:
    """Processes that make calls, all of them warm when the block begins and at their end when it ends."""
    processes = [start_python("-c", CALLS, str(file), str(number), output=log, errors=log) for number in range(PROCESSES)]
    try:
        wait_for_calls(board, processes, log)
        yield processes
        board.end()
        for process in processes:
            process.join(PATIENCE)
        assert [process.exitcode for process in processes] == [0] * PROCESSES, log.read_text(encoding="utf-8")[-2000:]
    finally:
        for process in processes:
            kill_session(process)


def wait_for_calls(board: Board, processes: Sequence[BaseProcess], log: Path) -> None:
    """Wait until each process has made calls."""
    while least_calls(board) < 5:
        assert all(process.is_alive() for process in processes), log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.01)


def least_calls(board: Board) -> int:
    """Calls of the process that has made the fewest."""
    return min(board.counts(process)[0] for process in range(PROCESSES))


def change_while_called(folder: Path, *, changed: int, called: int) -> Result:
    """Change the configuration, kind after kind, while the processes make calls."""
    file, log = folder / "board", folder / "log"
    log.touch()
    board = Board(file)
    for kind in CHANGES:
        CHANGES[kind](0)
    changes = 0
    with calling(board, file, log) as processes:
        while changes < changed or least_calls(board) < called:
            assert all(process.is_alive() for process in processes), log.read_text(encoding="utf-8")[-2000:]
            for kind, change in CHANGES.items():
                changes += 1
                change(changes)
                board.commit(kind, changes)
                time.sleep(PAUSES[changes % len(PAUSES)])
    counts = [board.counts(process) for process in range(PROCESSES)]
    calls, stale, taken_back = (sum(column) for column in zip(*counts, strict=True))
    result = Result(calls=calls, changes=changes, stale=stale, taken_back=taken_back)
    print(result)  # noqa: T201 - what the proof has shown
    return result


def test_no_call_works_by_an_outdated_configuration(organization, tmp_path):
    result = change_while_called(tmp_path, changed=CHANGED, called=CALLED)
    assert (result.stale, result.taken_back) == (0, 0)
    assert result.calls >= PROCESSES * CALLED
    assert result.changes >= CHANGED


def test_twin_without_the_triggers_works_by_outdated_configuration(organization, tmp_path):
    set_triggers("DISABLE")
    try:
        result = change_while_called(tmp_path, changed=60, called=20)
    finally:
        set_triggers("ENABLE")
    assert result.stale > 0


def set_triggers(state: str) -> None:
    """Switch the triggers of stores and programs."""
    with connection.cursor() as cursor:
        for table in ("organizations_store", "engagement_program"):
            cursor.execute(f"ALTER TABLE {table} {state} TRIGGER configuration_updated")
