"""Steps beside the primary action: if the database fails one, it is undone alone and becomes a warning."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import structlog
from django.db import Error, connection

from loyalty_project.db.errors import is_repeated, sqlstate
from loyalty_project.db.savepoints import confined
from loyalty_project.protocol.errors import Notice

log = structlog.get_logger(__name__)


@contextmanager
def best_effort(notices: list[Notice], warnings: Iterable[Notice]) -> Iterator[None]:
    """Context of a step that may fail: if the database refuses it, `warnings` are added to `notices`.

    The failure is logged. Inside a transaction the step has a savepoint, and deadlocks, serialization failures and a lost
    connection are raised: the caller repeats or gives up the whole item (docs/protocol.md 5.1). Outside a transaction each
    statement commits by itself, so there is nothing to undo or repeat.
    """
    warnings = list(warnings)
    is_part = connection.in_atomic_block
    try:
        with confined() if is_part else nullcontext():
            yield
    except Error as error:
        if is_part and (is_repeated(error) or not sqlstate(error)):
            raise
        log.exception("best_effort_failed", codes=sorted({int(notice.code) for notice in warnings}))
        notices += warnings
