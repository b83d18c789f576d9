"""The transaction of a dry run: rolled back at its end, or as soon as another session waits for one of its rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import Error, connection, transaction

from loyalty_project.db.locks import without_value_locks
from loyalty_project.db.waiters import LockWatch

Result = TypeVar("Result")


class DryRun:
    """Batches of a dry run.

    All of them share one transaction, so that later rows see earlier ones as in a real run. A till that waits for a row of it
    ends that: everything is rolled back at once, and from there on each batch is rolled back by itself.
    """

    def __init__(self, *, on_letting_go: Callable[[], None]) -> None:
        self._on_letting_go = on_letting_go
        self._transaction: transaction.Atomic | None = None
        self._watch: LockWatch | None = None
        self._is_shared = True

    def work(self, work: Callable[[], Result]) -> Result:
        """The result of a batch. `work` may be called twice; what it has written is gone by then."""
        if self._is_shared:
            if self._transaction is None:
                self._begin()
                self._watch = LockWatch()
            try:
                result = work()
            except Error:
                if not self._is_waited_for:
                    raise
            else:
                if not self._is_waited_for:
                    return result
            self.roll_back()
            self._is_shared = False
            self._on_letting_go()
        self._begin()
        try:
            return work()
        finally:
            self.roll_back()

    def roll_back(self) -> None:
        """Take back all that was written."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
        ended, self._transaction = self._transaction, None
        if ended is None:
            return
        transaction.set_rollback(True)
        ended.__exit__(None, None, None)
        if watch is not None and watch.is_waited_for and not connection.in_atomic_block:
            # The server may cancel a statement of this connection later still.
            connection.close()

    @property
    def _is_waited_for(self) -> bool:
        return self._watch is not None and self._watch.is_waited_for

    def _begin(self) -> None:
        self._transaction = transaction.atomic()
        self._transaction.__enter__()
        with connection.cursor() as cursor:
            # Slow input must not end the transaction.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@contextmanager
def dry_run(*, on_letting_go: Callable[[], None]) -> Iterator[DryRun]:
    """A dry run, which leaves nothing behind. `on_letting_go` is called if a session had to wait for it."""
    run = DryRun(on_letting_go=on_letting_go)
    with without_value_locks():
        try:
            yield run
        finally:
            run.roll_back()
