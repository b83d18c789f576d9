"""Logging: one structured line an event, with the request id and without personal data.

Request bodies, query strings and field values are never logged: events have counts, codes and ids.
"""

import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# Lines that PostgreSQL adds to an error, with values of the row and of the statement.
_VALUES = re.compile(r"^(?:DETAIL|CONTEXT|QUERY|LINE \d+):.*\n?(?:^[ \t]*\^[ \t]*$\n?)?", re.MULTILINE)

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def without_values(traceback: str) -> str:
    """A traceback without the values that the database quotes in its errors, which may be personal data."""
    return _VALUES.sub("", traceback)


def _without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    if "exception" in event:
        event["exception"] = without_values(event["exception"])
    return event


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
                    structlog.processors.format_exc_info,
                    _without_values,
                    printed,
                ],
            },
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's lines about refused requests (4xx) have addresses and queries.
            "django.request": {"level": "CRITICAL"},
            "django.security": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
            # Its lines about jobs have their arguments; the worker writes its own.
            "procrastinate": {"level": "WARNING"},
        },
    }
