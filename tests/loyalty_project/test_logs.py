"""The log tells numbers and codes, and nobody's data (docs/operating.md, Logs)."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from django.db import IntegrityError

from customers.identifiers.models import Identifier
from loyalty_project.logs import log_configuration, without_values
from tests.api import Api

ERROR = """psycopg.errors.UniqueViolation: duplicate key value violates unique constraint "identifier_value_unique"
DETAIL:  Key (organization_id, kind, value)=(1, mobile, 919812345678) already exists.
LINE 1: ... WHERE value = 'asha@example.com'
                          ^
CONTEXT:  COPY customers_identifier, line 1: "1 919812345678"
"""


def test_values_are_cut_out_of_database_errors():
    message = without_values(ERROR)
    assert "identifier_value_unique" in message
    assert "919812345678" not in message
    assert "asha@example.com" not in message


@pytest.fixture
def _log_settings() -> Iterator[None]:
    """The configuration of structlog before and after the test: loggers in use listen to no other."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_log_settings")
@pytest.mark.parametrize("as_json", [True, False])
def test_exceptions_are_logged_without_values(as_json, capsys):
    formatter = log_configuration(level="INFO", as_json=as_json)["formatters"]["structured"]
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**{key: value for key, value in formatter.items() if key != "()"}))
    logger = logging.getLogger("test.logs")
    logger.addHandler(handler)
    try:
        raise IntegrityError(ERROR)
    except IntegrityError:
        logger.exception("item_failed")
    finally:
        logger.removeHandler(handler)
    line = capsys.readouterr().err
    assert "item_failed" in line
    assert "919812345678" not in line
    if as_json:
        assert json.loads(line)["event"] == "item_failed"


@pytest.mark.django_db
def test_a_call_leaves_no_personal_data_in_the_log(till, caplog):
    caplog.set_level(logging.DEBUG, logger="loyalty_project")
    api = Api(till)
    api.add(mobile="9812345678", email="asha@example.com", firstname="Ashalata")
    api.get("mobile=9812345678")
    api.add(mobile="12ab")
    assert Identifier.objects.count() == 2
    assert not {"9812345678", "asha@example.com", "Ashalata"} & set(caplog.text.split())


def test_the_job_library_does_not_log_single_jobs():
    assert not logging.getLogger("procrastinate.jobs").isEnabledFor(logging.INFO)
    assert logging.getLogger("procrastinate.worker").isEnabledFor(logging.ERROR)
