"""Keys that sign and verify tokens."""

import os
import stat
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ImproperlyConfigured

from loyalty_project import clock
from organizations.credentials.token_keys import KeyRing, add_key, key_ids, key_ring, retire_keys


def first_key_of(folder: Path) -> str:
    return KeyRing(folder).signing_key().kid


def made_ago(folder: Path, kid: str, age: timedelta) -> None:
    moment = (clock.now() - age).timestamp()
    os.utime(folder / f"{kid}.pem", (moment, moment))


def test_an_empty_folder_gets_its_first_key_readable_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    kid = first_key_of(folder)
    assert key_ids(folder) == [kid]
    assert stat.S_IMODE((folder / f"{kid}.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert first_key_of(folder) == kid


def test_processes_that_start_together_agree_on_the_first_key(tmp_path: Path) -> None:
    with get_context("fork").Pool(3) as pool:
        kids = pool.map(first_key_of, [tmp_path] * 3)
    assert len(set(kids)) == 1
    assert key_ids(tmp_path) == kids[:1]


def test_a_process_that_finds_a_key_where_there_was_none_takes_it(tmp_path: Path) -> None:
    kid = add_key(tmp_path, only_first=True)
    assert add_key(tmp_path, only_first=True) == kid


def test_in_production_an_empty_folder_is_a_clear_error(tmp_path: Path, settings) -> None:
    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured, match="rotate_token_keys"):
        KeyRing(tmp_path).signing_key()
    assert KeyRing(tmp_path / "absent").verifying_key("any") is None


def test_a_running_server_signs_with_a_new_key_and_verifies_with_both(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    old = ring.signing_key()
    new = add_key(tmp_path)
    assert ring.signing_key().kid == new
    assert ring.verifying_key(new)
    assert ring.verifying_key(old.kid) == old.public


def test_a_key_added_within_the_file_system_tick_is_found(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    ring.signing_key()
    seen = tmp_path.stat().st_mtime_ns
    new = add_key(tmp_path)
    os.utime(tmp_path, ns=(seen, seen))
    assert ring.verifying_key(new)


def test_a_deleted_key_verifies_nothing_any_more(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path)
    old = ring.signing_key().kid
    add_key(tmp_path)
    (tmp_path / f"{old}.pem").unlink()
    assert ring.verifying_key(old) is None


def test_keys_are_retired_by_how_long_they_have_not_signed(tmp_path: Path) -> None:
    oldest, middle, newest = (add_key(tmp_path) for _ in range(3))
    made_ago(tmp_path, oldest, timedelta(days=90))
    made_ago(tmp_path, middle, timedelta(days=60))
    made_ago(tmp_path, newest, timedelta(hours=1))
    assert retire_keys(tmp_path, unused_for=timedelta(days=30)) == [oldest]
    assert key_ids(tmp_path) == [middle, newest]
    made_ago(tmp_path, newest, timedelta(days=31))
    assert retire_keys(tmp_path, unused_for=timedelta(days=30)) == [middle]
    assert retire_keys(tmp_path, unused_for=timedelta(days=30)) == []


def test_a_key_of_another_kind_is_a_clear_error(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    (tmp_path / "ec.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ImproperlyConfigured, match="no RSA key"):
        KeyRing(tmp_path).signing_key()


def test_a_process_has_one_ring_for_a_folder(tmp_path: Path) -> None:
    assert key_ring(tmp_path) is key_ring(tmp_path)
