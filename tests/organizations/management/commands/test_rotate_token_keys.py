"""Rotation of the keys that sign tokens."""

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loyalty_project import clock
from organizations.credentials.token_keys import key_ids


def rotate(*arguments: str) -> str:
    out = StringIO()
    call_command("rotate_token_keys", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings) -> Path:
    settings.TOKEN_KEYS_DIR = tmp_path / "keys"
    return tmp_path / "keys"


def test_a_rotation_adds_a_key_that_comes_last(folder: Path) -> None:
    rotate()
    first = key_ids(folder)
    assert rotate() == f"signs from now on: {key_ids(folder)[-1]}\n"
    assert key_ids(folder)[:1] == first
    assert len(key_ids(folder)) == 2


def test_keys_that_no_token_needs_are_retired_and_the_present_one_stays(folder: Path) -> None:
    for _ in range(2):
        rotate()
    old, present = key_ids(folder)
    for kid in (old, present):
        moment = (clock.now() - timedelta(hours=49)).timestamp()
        os.utime(folder / f"{kid}.pem", (moment, moment))
    assert f"retired: {old}\n" in rotate("--retire-older-than", "48")
    assert key_ids(folder)[0] == present
    assert len(key_ids(folder)) == 2


def test_a_key_with_live_tokens_is_not_retired(folder: Path) -> None:
    with pytest.raises(CommandError, match="24 hours"):
        rotate("--retire-older-than", "23")
    assert key_ids(folder) == []
