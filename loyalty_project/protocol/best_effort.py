"""What happens when the database fails a step beside the primary action? The step is undone alone and told as a warning."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

import structlog
from django.db import Error, connection, transaction

from loyalty_project.db.errors import is_repeated, sqlstate
from loyalty_project.protocol.errors import Notice

log = structlog.get_logger(__name__)


@contextmanager
def side_step(notices: list[Notice], told: Iterable[Notice]) -> Iterator[None]:
    """Inside: a step whose failure costs no more than itself. `told` is then added to `notices`.

    Only what the database refuses counts as failing; it is logged. In a transaction the step has a savepoint, and deadlocks,
    serialization failures and a lost server go on to the caller, who repeats or gives up the whole item (docs/protocol.md 5.1).
    Outside of one each statement stands for itself: nothing needs to be kept from harm, and nobody repeats.
    """
    told = list(told)
    is_part = connection.in_atomic_block
    try:
        with transaction.atomic() if is_part else nullcontext():
            yield
    except Error as error:
        if is_part and (is_repeated(error) or not sqlstate(error)):
            raise
        log.exception("side_step_failed", codes=sorted({int(notice.code) for notice in told}))
        notices += told
