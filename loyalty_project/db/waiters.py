"""Watch over the locks of a long transaction, so that it lets go of them when another session waits."""

from threading import Event, Thread
from typing import Final

import structlog
from django.db import Error, connection

log = structlog.get_logger(__name__)

# Seconds between two looks, and until a connection is ended whose transaction did not end by itself.
_PAUSE: Final = 0.05
_GRACE: Final = 0.2
_IS_WAITED_FOR: Final = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid)))"


class LockWatch:
    """A thread that looks, on a connection of its own, whether a session waits for the transaction of the current connection.

    When one does, `is_waited_for` becomes true and the statement that runs is cancelled. If the transaction still holds its
    locks a moment later, as between two statements, its connection is ended. Either way the owner gets a `django.db.Error`,
    rolls back and calls `stop`.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (self._pid,) = cursor.fetchone()
        self._waited_for, self._stop = Event(), Event()
        self._thread = Thread(target=self._watch, name="lock-watch", daemon=True)
        self._thread.start()

    @property
    def is_waited_for(self) -> bool:
        """True as soon as a session was seen to wait; also if that can no longer be seen."""
        return self._waited_for.is_set()

    def stop(self) -> None:
        """End the watch."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        try:
            while not self._stop.wait(_PAUSE):
                if self._ask(_IS_WAITED_FOR):
                    self._waited_for.set()
                    self._ask("SELECT pg_cancel_backend(%s)")
                    if not self._stop.wait(_GRACE) and self._ask(_IS_WAITED_FOR):
                        self._ask("SELECT pg_terminate_backend(%s)")
                    return
        except Error as error:
            log.warning("lock_watch_failed", error=type(error).__name__)
            self._waited_for.set()
        finally:
            connection.close()

    def _ask(self, question: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(question, [self._pid])
            return bool(cursor.fetchone()[0])
