"""Row and advisory locks. No other module takes them.

One order everywhere prevents deadlocks: the item's claim under an Idempotency-Key (an insert that waits for an equal one), then
the locks of values that may have no row yet (sorted), then customers by primary key, then accounts, lots and what else belongs
to them. Locks end with the transaction. A lock that is not free within the connection's `lock_timeout` raises
`django.db.OperationalError` with SQLSTATE 55P03.
"""

import hashlib
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, NoReturn, TypeVar

from django.db import OperationalError, connection, models
from psycopg.errors import SerializationFailure

from loyalty_project.db.statements import fetch, fetch_written, run
from loyalty_project.protocol.codes import CodeTable, Transport

Row = TypeVar("Row", bound=models.Model)
_PAUSE = 0.1
# PostgreSQL takes the locks in the order of the subquery.
_LOCK_NUMBERS: Final = """
SELECT pg_advisory_xact_lock(number) FROM (SELECT unnest(%(numbers)s::bigint[]) AS number ORDER BY 1) AS sorted
"""
_LOCK_TABLE: Final = (
    "SELECT current_setting('max_locks_per_transaction')::integer * current_setting('max_connections')::integer"
)
# Two 32-bit numbers are a key space of their own, apart from the 64-bit locks of `lock_values`.
_HOLD: Final = "SELECT pg_try_advisory_lock(%(high)s::integer, %(low)s::integer)"
_RELEASE: Final = "SELECT pg_advisory_unlock(%(high)s::integer, %(low)s::integer)"
_locks_values: ContextVar[bool] = ContextVar("locks_values", default=True)


def lock(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """The rows, locked for update in the order of their primary keys (joined tables stay unlocked)."""
    return rows.order_by("pk").select_for_update(of=("self",))


def lock_without_keys(rows: models.QuerySet[Row]) -> models.QuerySet[Row]:
    """The rows, locked against all changes and other locks, but not against new rows that refer to them."""
    return rows.order_by("pk").select_for_update(of=("self",), no_key=True)


def for_update(statement: str, row: str) -> str:
    """The statement with its rows of the table that it calls `row` locked for update, in the order of their primary keys.

    What it reads of other tables is what they had before it waited: join nothing that may change with these rows.
    """
    return f"{statement} ORDER BY {row}.id FOR UPDATE OF {row}"


def lock_values(values: Iterable[tuple[object, ...]]) -> None:
    """Hold an advisory lock for each value until the transaction ends, taken in one order everywhere.

    A value is a tuple that begins with its kind; two tuples share a lock only if their 64-bit digests are equal. Each lock is
    an entry of the server's lock table: `most_values` bounds how many a transaction may hold.
    """
    numbers = sorted({_number_of(value) for value in values})
    if not numbers or not _locks_values.get():
        return
    run(_LOCK_NUMBERS, {"numbers": numbers})


def most_values() -> int:
    """The number of values that one transaction may lock: an eighth of what the server's lock table holds at least."""
    ((entries,),) = fetch(_LOCK_TABLE, {})
    return max(1, int(entries) // 8)


@contextmanager
def without_value_locks() -> Iterator[None]:
    """For work that is rolled back at its end: it stores nothing, so no other transaction has to wait for its decisions."""
    token = _locks_values.set(False)
    try:
        yield
    finally:
        _locks_values.reset(token)


def _number_of(value: tuple[object, ...]) -> int:
    """A signed 64-bit digest. `repr` keeps ("a", "bc") apart from ("ab", "c")."""
    digest = hashlib.blake2b(repr(value).encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class ChangedMeanwhileError(OperationalError):
    """The data of an item changed before its locks were free; `code` is the refusal of a form, which is not repeated."""

    code: CodeTable = Transport.BUSY


def ask_to_repeat(reason: str, *, code: CodeTable = Transport.BUSY) -> NoReturn:
    """Abort the item because its data changed meanwhile. Batches and imports then repeat it, as after a serialization failure.

    Raises `ChangedMeanwhileError` with SQLSTATE 40001.
    """
    error = ChangedMeanwhileError(reason)
    error.code = code
    raise error from SerializationFailure(reason)


@contextmanager
def hold_name(name: str, *, patience: float) -> Iterator[bool]:
    """Hold a named lock across transactions; yields whether it was free within `patience` seconds.

    The lock belongs to the connection: PostgreSQL releases it when the process dies.
    """
    high, low = struct.unpack(">ii", hashlib.blake2b(name.encode(), digest_size=8).digest())
    numbers = {"high": high, "low": low}
    is_held = _try_to_hold(numbers)
    deadline = time.monotonic() + patience
    while not is_held and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        is_held = _try_to_hold(numbers)
    try:
        yield is_held
    finally:
        if is_held and connection.is_usable():
            run(_RELEASE, numbers)


def _try_to_hold(numbers: Mapping[str, int]) -> bool:
    ((is_held,),) = fetch_written(_HOLD, numbers)
    return bool(is_held)
