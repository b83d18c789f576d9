"""Hand-written statements on Django's connection."""

from collections.abc import Callable
from threading import Thread
from typing import Any

import psycopg
import pytest
from django.core.signals import request_started
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from loyalty_project.db.request_time import OutOfTimeError, limited_time
from loyalty_project.db.statements import fetch, fetch_written, run

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "SELECT %(number)s::integer"
INSERT = "INSERT INTO organizations_ratelease (caller, minute, leased) VALUES (%(caller)s, 1, 1)"
LEASE = {"caller": "till:a"}
DATABASE_LOST = (OperationalError, InterfaceError)


def kill_backend() -> None:
    """End this connection's process on the server, from another connection, and wait until it is gone."""
    (pid,) = (row[0] for row in fetch("SELECT pg_backend_pid()", {}))
    with connection.copy().temporary_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def leases() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM organizations_ratelease")
        return int(cursor.fetchone()[0])


@pytest.fixture(params=[fetch, fetch_written, run], ids=lambda function: function.__name__)
def send(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Each way to send a statement."""
    function: Callable[..., Any] = request.param
    return function


def test_rows_are_tuples() -> None:
    statement = "SELECT n, %(word)s::text FROM generate_series(1, 2) n ORDER BY n"
    assert fetch(statement, {"word": "a"}) == [(1, "a"), (2, "a")]


def test_a_write_returns_the_number_of_rows() -> None:
    assert run(INSERT, LEASE) == 1
    assert run("DELETE FROM organizations_ratelease WHERE caller = %(caller)s", {"caller": "till:b"}) == 0


def test_a_write_returns_what_it_wrote() -> None:
    assert fetch_written(f"{INSERT} RETURNING caller, leased", LEASE) == [("till:a", 1)]
    assert leases() == 1


def test_statements_are_prepared_the_first_time() -> None:
    fetch("SELECT %(number)s::integer AS prepared_at_once", {"number": 1})
    prepared = fetch(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %(like)s", {"like": "%AS prepared_at_once"}
    )
    assert prepared == [(1,)]


def test_errors_are_djangos(send: Callable[..., Any]) -> None:
    with pytest.raises(ProgrammingError) as caught:
        send("SELECT nothing", {})
    assert isinstance(caught.value.__cause__, psycopg.errors.UndefinedColumn)


def test_a_broken_constraint_is_an_integrity_error() -> None:
    run(INSERT, LEASE)
    with pytest.raises(IntegrityError):
        run(INSERT, LEASE)


def test_the_log_of_queries_has_the_statements(send: Callable[..., Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        send(NUMBER, {"number": 7})
    assert [query["sql"] for query in queries] == ["SELECT 7::integer"]


def test_wrappers_of_statements_are_called(send: Callable[..., Any]) -> None:
    seen = []

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's signature
        seen.append((sql, params, many, context["connection"].alias))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        send(NUMBER, {"number": 7})
    assert seen == [(NUMBER, {"number": 7}, False, "default")]


def test_no_statement_runs_once_the_time_is_used(send: Callable[..., Any], settings: Any) -> None:
    settings.REQUEST_SECONDS = 0
    with limited_time(), pytest.raises(OutOfTimeError):
        send(NUMBER, {"number": 7})


def test_a_broken_transaction_is_refused(send: Callable[..., Any]) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError):
            send(NUMBER, {"number": 7})


def test_a_connection_of_another_thread_is_refused(send: Callable[..., Any]) -> None:
    errors: list[DatabaseError] = []
    own = connection._connections[connection._alias]  # type: ignore[attr-defined]  # not public

    def work() -> None:
        connections["default"] = own
        try:
            send(NUMBER, {"number": 7})
        except DatabaseError as error:
            errors.append(error)
        finally:
            del connections["default"]

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert "can only be used in that same thread" in str(errors)


def test_a_transaction_undoes_a_write() -> None:
    with transaction.atomic():
        run(INSERT, LEASE)
        transaction.set_rollback(True)
    assert leases() == 0


def test_a_read_reconnects_after_the_connection_was_lost() -> None:
    kill_backend()
    assert fetch(NUMBER, {"number": 7}) == [(7,)]
    assert fetch(NUMBER, {"number": 8}) == [(8,)]


def test_a_lost_read_is_not_repeated_in_a_transaction() -> None:
    def read() -> None:
        with transaction.atomic():
            kill_backend()
            fetch(NUMBER, {"number": 7})

    with pytest.raises(DATABASE_LOST):
        read()
    assert fetch(NUMBER, {"number": 8}) == [(8,)]


@pytest.mark.parametrize("write", [run, fetch_written])
def test_a_write_that_loses_its_connection_is_not_repeated(write: Callable[..., Any]) -> None:
    kill_backend()
    with pytest.raises(DATABASE_LOST):
        write(f"{INSERT} RETURNING caller", LEASE)
    connection.close()
    assert leases() == 0


@pytest.mark.parametrize("write", [run, fetch_written])
def test_a_write_finds_a_lost_connection_once_a_request(write: Callable[..., Any]) -> None:
    kill_backend()
    request_started.send(sender=None)
    write(f"{INSERT} RETURNING caller", LEASE)
    assert leases() == 1


def test_a_read_whose_connection_is_lost_twice_fails() -> None:
    with pytest.raises(DATABASE_LOST):
        fetch("SELECT pg_terminate_backend(pg_backend_pid())", {})
    connection.close()


def test_an_error_that_keeps_the_connection_is_not_repeated() -> None:
    run("SET statement_timeout = '20ms'", {})
    with CaptureQueriesContext(connection) as queries, pytest.raises(OperationalError):
        fetch("SELECT pg_sleep(60)", {})
    run("RESET statement_timeout", {})
    assert len(queries) == 1


def test_a_read_spares_the_request_djangos_own_question(monkeypatch: pytest.MonkeyPatch) -> None:
    fetch(NUMBER, {"number": 7})
    questions = []
    monkeypatch.setattr(type(connections["default"]), "is_usable", lambda _: questions.append(1) or True)
    request_started.send(sender=None)
    assert fetch(NUMBER, {"number": 8}) == [(8,)]
    assert leases() == 0
    assert questions == []
    request_started.send(sender=None)
    assert leases() == 0
    assert questions == [1]
