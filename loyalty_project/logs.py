"""Logging: one structured line an event, with the request id and without personal data.

Request bodies, query strings and field values are never logged: events have counts, codes and ids. An exception is its type and
the lines of code that it went through. Its message may quote what was sent, and is left out unless it is the database's about
itself. Libraries write warnings and errors only.
"""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final

import psycopg
import structlog
from structlog.typing import Processor

# This project's packages: their lines are tested to have no personal data.
OWN_LOGGERS: Final = (
    "loyalty_project", "organizations", "webhooks", "customers", "subscriptions", "engagement", "tickets", "referrals",
    "use_cases", "demo",
)  # fmt: skip
# Classes of SQLSTATE whose messages are about the server, the connection, locks or the statement, never about values.
_ABOUT_THE_SERVER: Final = ("08", "25", "40", "42", "53", "55", "57", "58", "XX")
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def describe_error(error: BaseException) -> str:
    """The type of an exception with what is known not to quote values: SQLSTATE, constraint, messages about the server."""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    if isinstance(error, OSError):
        return f"{name}: {error.strerror}"
    if not isinstance(error, psycopg.Error):
        return name
    if error.sqlstate is None:
        # Raised by the driver, above all if the server cannot be reached.
        return f"{name}: {error}" if isinstance(error, psycopg.OperationalError) else name
    known = [error.sqlstate, error.diag.constraint_name, error.diag.table_name, error.diag.column_name]
    if error.sqlstate.startswith(_ABOUT_THE_SERVER):
        known.append(error.diag.message_primary)
    return f"{name}: {', '.join(filter(None, known))}"


def describe_traceback(error: BaseException) -> str:
    """The exception and those that led to it, each with the lines of code that it went through, without any value."""
    return "\n\n".join(
        "".join(["Traceback (most recent call last):\n", *traceback.format_tb(link.__traceback__), describe_error(link)])
        for link in reversed(list(_chain(error)))
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, then the one that led to it, and so on."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _describe_exc_info(exc_info: _ExcInfo) -> str:
    return describe_traceback(exc_info[1])


def log_configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """The LOGGING setting: readable lines, or one JSON object a line. Configures structlog as well."""
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    printed: Processor = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.ExceptionRenderer(_describe_exc_info),
                    printed,
                ],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": max(logging.WARNING, logging.getLevelNamesMapping()[level])},
        "loggers": {
            **{name: {"level": level} for name in OWN_LOGGERS},
            # Django's lines about refused requests (4xx) have addresses and queries.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # Its lines about jobs have their arguments; the worker writes its own.
            "procrastinate": {"level": "WARNING"},
        },
    }
