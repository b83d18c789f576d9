"""What the bare applications share: a connection for each thread, and the caller's credential.

As the product does, they check the credential against the till's row at every call, remember the proof of a password, and know
one version of the configuration, that of the till's organization. `BENCHMARK_CONFIGURATION` has what they know from the
beginning, `BENCHMARK_DATABASE` names the database.
"""

import hmac
import json
import os
import threading
from base64 import b64decode
from typing import Any, Final

import psycopg
from argon2 import PasswordHasher

CONFIGURATION: Final = json.loads(os.environ["BENCHMARK_CONFIGURATION"])
CALLER: Final = """
SELECT till.organization_id, till.password_hash, organization.configuration_version
FROM organizations_till AS till JOIN organizations_organization AS organization ON organization.id = till.organization_id
WHERE till.code = %s AND till.is_active
"""
_KEY: Final = os.urandom(32)
_proofs: set[bytes] = set()
_of_thread = threading.local()


def thread_cursor() -> psycopg.Cursor[Any]:
    """The cursor of this thread's connection, which prepares each statement the first time."""
    if not hasattr(_of_thread, "cursor"):
        connection = psycopg.connect(os.environ["BENCHMARK_DATABASE"], autocommit=True, prepare_threshold=0)
        connection.execute("SELECT set_config('TimeZone', %s, false)", [CONFIGURATION["zone"]])
        connection.execute("SET plan_cache_mode = force_generic_plan")
        _of_thread.cursor = connection.cursor()
    return _of_thread.cursor  # type: ignore[no-any-return]


def authenticate(cursor: psycopg.Cursor[Any], header: str) -> int:
    """Id of the caller's organization. Raises for a wrong credential."""
    till, _, digest = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    organization, stored_hash, version = cursor.execute(CALLER, [till]).fetchall()[0]
    if version != CONFIGURATION["version"]:
        raise ValueError(version)
    proof = hmac.digest(_KEY, f"{till}\0{stored_hash}\0{digest}".encode(), "sha256")
    if proof not in _proofs:
        PasswordHasher().verify(stored_hash, digest)
        _proofs.add(proof)
    return int(organization)
