"""The log as an installation writes it: the text of every logger at its lowest level, by the project's own formatter."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings

from loyalty_project.logs import OWN_LOGGERS


@contextmanager
def printed_log() -> Iterator[io.StringIO]:
    """Everything that is logged inside, as text. This project's loggers print from DEBUG on, others as they are configured."""
    options = {key: value for key, value in settings.LOGGING["formatters"]["structured"].items() if key != "()"}
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**options))
    own = [logging.getLogger(name) for name in OWN_LOGGERS]
    levels = [logger.level for logger in own]
    logging.getLogger().addHandler(handler)
    for logger in own:
        logger.setLevel(logging.DEBUG)
    try:
        yield handler.stream
    finally:
        logging.getLogger().removeHandler(handler)
        for logger, level in zip(own, levels, strict=True):
            logger.setLevel(level)
