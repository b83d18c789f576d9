"""What happens when the database fails a step beside the primary action? The step is undone alone and told as a warning."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import structlog
from django.db import Error, transaction

from loyalty_project.api.batch import is_repeated
from loyalty_project.api.errors import Notice

log = structlog.get_logger(__name__)


@contextmanager
def side_step(notices: list[Notice], told: Iterable[Notice]) -> Iterator[None]:
    """Inside, in a savepoint: a step whose failure costs no more than itself. `told` is then added to `notices`.

    Only what the database refuses counts as failing; it is logged. Deadlocks and serialization failures go on to the caller,
    who repeats the whole item (docs/protocol.md 5.1).
    """
    told = list(told)
    try:
        with transaction.atomic():
            yield
    except Error as error:
        if is_repeated(error):
            raise
        log.exception("side_step_failed", codes=sorted({int(notice.code) for notice in told}))
        notices += told
