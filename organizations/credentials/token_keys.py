"""Keys that sign and verify tokens: RSA keys in PEM files, `<kid>.pem`, in a folder that all server processes share.

The last name in alphabetical order signs (generated names begin with the time); every key in the folder verifies. Rotation
adds a file. Deleting a file ends the tokens that it signed. Running servers notice both by the folder's modification time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loyalty_project import clock

KEY_BITS = 2048
_SUFFIX = ".pem"


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key pair under its `kid`."""

    kid: str
    private: RSAPrivateKey
    public: RSAPublicKey


@dataclass(slots=True)
class KeyRing:
    """The keys of one folder, read again when the folder has changed. Safe for threads."""

    folder: Path
    _keys: dict[str, TokenKey] = field(default_factory=dict)
    _changed_ns: int = -1
    _lock: Lock = field(default_factory=Lock)

    def signing_key(self) -> TokenKey:
        """The newest key. An empty folder gets its first one outside production; there, `ImproperlyConfigured` is raised."""
        keys = self._present()
        if not keys:
            if settings.PRODUCTION:
                raise ImproperlyConfigured(
                    f"No key to sign tokens with in {self.folder}: run `manage.py rotate_token_keys` and share the folder"
                )
            add_key(self.folder, only_first=True)
            keys = self._present(forced=True)
        return keys[max(keys)]

    def verifying_key(self, kid: str) -> RSAPublicKey | None:
        """The public key under `kid`, or None."""
        key = self._present().get(kid)
        if key is None and kid in key_ids(self.folder):
            # Added in the same tick of the file system's clock as the last change that was seen.
            key = self._present(forced=True).get(kid)
        return key.public if key else None

    def _present(self, *, forced: bool = False) -> dict[str, TokenKey]:
        try:
            changed_ns = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return {}
        if forced or changed_ns != self._changed_ns:
            with self._lock:
                self._keys = {kid: _read_key(path) for kid, path in _key_files(self.folder).items()}
                self._changed_ns = changed_ns
        return self._keys


@lru_cache(maxsize=8)
def key_ring(folder: Path) -> KeyRing:
    """The key ring of `folder`, one for the whole process."""
    return KeyRing(folder)


def add_key(folder: Path, *, only_first: bool = False) -> str:
    """Add a key, readable by its owner alone; returns its id. With `only_first` an existing key is returned instead."""
    with _folder_lock(folder):
        present = key_ids(folder)
        if only_first and present:
            return max(present)
        kid = f"{clock.now():%Y%m%dT%H%M%S%fZ}-{token_hex(4)}"
        key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        draft = folder / f".{kid}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        # Servers read whole files only.
        draft.rename(folder / f"{kid}{_SUFFIX}")
        return kid


def retire_keys(folder: Path, *, unused_for: timedelta) -> list[str]:
    """Delete the keys that stopped signing longer than `unused_for` ago; their ids, oldest first. The newest always stays.

    A key stops signing when the next one is made. Choose it longer than any client's token lives: a token is refused as soon
    as its key is gone.
    """
    retired = []
    with _folder_lock(folder):
        files = sorted(_key_files(folder).items())
        for (kid, path), (_, successor) in pairwise(files):
            if datetime.fromtimestamp(successor.stat().st_mtime, UTC) < clock.now() - unused_for:
                path.unlink()
                retired.append(kid)
    return retired


def key_ids(folder: Path) -> list[str]:
    """The ids of the keys in `folder`, oldest first; empty if the folder does not exist."""
    return sorted(_key_files(folder))


def key_files(folder: Path) -> list[Path]:
    """The files of the keys in `folder`, oldest first."""
    return [path for _, path in sorted(_key_files(folder).items())]


def _key_files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in folder.glob(f"*{_SUFFIX}") if not path.name.startswith(".")}


def _read_key(path: Path) -> TokenKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ImproperlyConfigured(f"{path} is no RSA key")
    return TokenKey(path.stem, key, key.public_key())


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
