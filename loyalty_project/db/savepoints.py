"""Steps that may fail alone, with a savepoint only if one does.

A savepoint costs two statements, and what was gathered for one (`db.gathering.written_together`) has to run before it.
Work that can be repeated therefore runs without any at first (`Steps`). If it meets an error that a savepoint could have
confined, it is undone as a whole and done again with savepoints.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction


class UnconfinedError(Exception):
    """A step failed without a savepoint. The transaction is undone, and its work repeated with savepoints."""


class Steps:
    """The steps of work that its caller repeats: none has a savepoint at first."""

    def __init__(self) -> None:
        self.has_savepoints = False
        self.were_taken = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Context of the work, once or again."""
        token = _steps.set(self)
        try:
            yield
        finally:
            _steps.reset(token)


_steps: ContextVar[Steps | None] = ContextVar("steps", default=None)


@contextmanager
def confined() -> Iterator[None]:
    """Context of a step, in a transaction: if it fails, the caller catches the error and goes on without the step.

    In work that is repeated (`Steps`) the error of a step without a savepoint is an `UnconfinedError`, which nothing catches
    but the repetition.
    """
    steps = _steps.get()
    if steps is None or steps.has_savepoints:
        with transaction.atomic():
            yield
        return
    steps.were_taken = True
    try:
        yield
    except Exception as error:
        raise UnconfinedError from error
