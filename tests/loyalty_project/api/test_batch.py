import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import Error, IntegrityError, OperationalError, connection
from structlog.testing import capture_logs

from loyalty_project.api.batch import Once, run_batch
from loyalty_project.db.errors import MAX_ATTEMPTS, constraint_name, sqlstate
from loyalty_project.db.savepoints import confined
from loyalty_project.protocol.codes import TECHNICAL, Code, Transport
from loyalty_project.protocol.errors import CountedRefusalError, LoyaltyError, Notice
from loyalty_project.protocol.outcomes import Done, Outcome, failed, succeeded
from loyalty_project.protocol.values import Item
from tests.loyalty_project.api.guests import execute, insert, names, state


def run(items: list[Any], work: Callable[[Item], Done] = insert, once: Once | None = None) -> list[Outcome]:
    return run_batch(
        items,
        work,
        echo=lambda item: {"name": item["name"]},
        fallback=Code.ADD_FAILED,
        constraints={"guest_name_once": Code.ALREADY_REGISTERED, "guests_met": Code.EXTERNAL_ID_FAILED},
        once=once,
    )


def codes(outcomes: list[Outcome]) -> list[str]:
    return [outcome.body["item_status"]["code"] for outcome in outcomes]


def raising(sql: str) -> Callable[[Item], Done]:
    """Work that stores its guest and then fails in the database."""

    def work(item: Item) -> Done:
        done = insert(item)
        execute(sql)
        return done

    return work


def test_a_successful_item_has_its_literal_and_warnings() -> None:
    notices = [Notice(Code.INVALID_CUSTOM_FIELD), Notice(Code.IDENTIFIER_NOT_UPDATED, x="Email")]
    outcome = succeeded(Done(body={"a": "1"}, message="Customer successfully updated", warnings=notices))
    assert outcome.succeeded
    assert outcome.body == {
        "a": "1",
        "item_status": {
            "success": "true",
            "code": "1000",
            "message": "Customer successfully updated, Provided custom field is invalid, Email update is not allowed",
            "warnings": {"warning": ["1017", "91006"]},
        },
    }


def test_a_failed_item_echoes_its_identifiers_and_reason() -> None:
    outcome = failed(Transport.BUSY, {"mobile": "91"})
    assert not outcome.succeeded
    assert outcome.body == {
        "mobile": "91",
        "item_status": {
            "success": "false",
            "code": "521",
            "message": "Another action is running for this customer",
            "warnings": {"warning": []},
        },
    }


def test_items_are_answered_in_order_and_an_error_stops_no_other(guests: None) -> None:
    def work(item: Item) -> Done:
        done = insert(item)
        if item["name"] == "bad":
            raise LoyaltyError(Code.FRAUD)
        return done

    assert codes(run([{"name": "a"}, {"name": "bad"}, {"name": "c"}], work)) == ["1000", "618", "1000"]
    assert names() == ["a", "c"]


def test_an_item_sees_the_effects_of_earlier_items(guests: None) -> None:
    outcomes = run([{"name": "a"}, {"name": "a"}])
    assert codes(outcomes) == ["1000", "1014"]
    assert outcomes[1].body["name"] == "a"


@pytest.mark.parametrize("item", ["", None, [], {"name": "\x00"}, {"name": {"a": ["\ud800"]}}])
def test_an_item_that_cannot_be_read_is_400_and_echoes_nothing(guests: None, item: Any) -> None:
    (outcome,) = run([item])
    assert (codes([outcome]), set(outcome.body)) == (["400"], {"item_status"})


def test_a_constraint_without_a_code_is_answered_with_the_fallback(guests: None) -> None:
    with capture_logs() as logs:
        assert codes(run([{"name": "a", "age": "-1"}, {"name": "b"}])) == ["10001", "1000"]
    assert [(log["event"], log["log_level"]) for log in logs] == [("item_failed", "error")]
    assert names() == ["b"]


def test_a_bug_is_logged_and_answered_with_the_fallback(guests: None) -> None:
    with capture_logs() as logs:
        assert codes(run([{"name": "a", "age": "x"}, {"name": "b"}])) == ["10001", "1000"]
    assert [(log["event"], log["code"]) for log in logs] == [("item_failed", 10001)]


def test_a_lock_that_is_not_free_is_521(guests: None) -> None:
    assert codes(run([{"name": "a"}], raising(state("55P03")))) == ["521"]
    assert names() == []


@pytest.mark.parametrize("sqlstate", ["57014", "53200"])
def test_other_trouble_of_the_database_is_the_fallback(guests: None, sqlstate: str) -> None:
    with capture_logs() as logs:
        assert codes(run([{"name": "a"}], raising(state(sqlstate)))) == ["10001"]
    assert [log["event"] for log in logs] == ["item_failed"]
    assert names() == []


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
@pytest.mark.parametrize(
    ("failures", "code", "stored"), [(1, "1000", ["a"]), (MAX_ATTEMPTS - 1, "1000", ["a"]), (MAX_ATTEMPTS, "10001", [])]
)
def test_deadlocks_and_serialization_failures_repeat_the_item(
    guests: None, sqlstate: str, failures: int, code: str, stored: list[str]
) -> None:
    attempts = 0

    def work(item: Item) -> Done:
        nonlocal attempts
        attempts += 1
        done = insert(item)
        if attempts <= failures:
            execute(state(sqlstate))
        return done

    with capture_logs() as logs:
        assert codes(run([{"name": "a"}], work)) == [code]
    assert attempts == min(failures + 1, MAX_ATTEMPTS)
    assert sum(log["event"] == "item_repeated" for log in logs) == attempts - 1
    assert names() == stored


def test_an_error_without_a_server_has_no_state() -> None:
    assert sqlstate(OperationalError("no server")) == ""


def test_the_name_of_a_broken_constraint_is_known_only_from_the_server() -> None:
    assert constraint_name(IntegrityError("made up")) is None


class Book:
    """Answers by position, in a table, so that they share the fate of the item's transaction."""

    def claim(self, position: int) -> Outcome | None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO book VALUES (%s) ON CONFLICT DO NOTHING", [position])
            if cursor.rowcount:
                return None
            cursor.execute("SELECT answer FROM book WHERE position = %s", [position])
            return Outcome(json.loads(cursor.fetchone()[0]), succeeded=True, replayed=True)

    def keep(self, position: int, outcome: Outcome) -> None:
        execute("UPDATE book SET answer = %s WHERE position = %s", json.dumps(outcome.body), position)


@pytest.fixture
def book(guests: None) -> Iterator[Book]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE book (position int PRIMARY KEY, answer text)")
        yield Book()
        cursor.execute("DROP TABLE book")


def kept() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM book WHERE answer <> '' ORDER BY position")
        return [position for (position,) in cursor.fetchall()]


def refusing(error: Exception) -> Callable[[Item], Done]:
    """Work that stores its guest and then refuses."""

    def work(item: Item) -> Done:
        insert(item)
        raise error

    return work


def test_what_was_worked_once_is_answered_again_and_not_worked(book: Book) -> None:
    first = run([{"name": "a"}, {"name": "b"}], once=book)
    again = run([{"name": "a"}, {"name": "b"}], once=book)
    assert codes(again) == codes(first) == ["1000", "1000"]
    assert [outcome.body for outcome in again] == [outcome.body for outcome in first]
    assert [outcome.replayed for outcome in first + again] == [False, False, True, True]
    assert names() == ["a", "b"]


def test_the_rest_of_a_batch_that_was_cut_off_is_worked(book: Book) -> None:
    run([{"name": "a"}], once=book)
    outcomes = run([{"name": "a"}, {"name": "b"}], once=book)
    assert [outcome.replayed for outcome in outcomes] == [True, False]
    assert names() == ["a", "b"]


@pytest.mark.parametrize("item", [None, {"name": "\x00"}])
def test_an_unreadable_item_is_answered_again(book: Book, item: Any) -> None:
    run([item], once=book)
    (again,) = run([item], once=book)
    assert (codes([again]), set(again.body), again.replayed) == (["400"], {"item_status"}, True)


@pytest.mark.parametrize("code", [Code.FRAUD, Code.INVALID_MOBILE, Transport.CUSTOMER_ERASED])
def test_a_refusal_by_a_rule_undoes_the_effect_and_is_kept(book: Book, code: Code | Transport) -> None:
    assert codes(run([{"name": "a"}], refusing(LoyaltyError(code)), once=book)) == [str(int(code))]
    assert (names(), kept()) == ([], [0])
    (again,) = run([{"name": "a"}], once=book)
    assert (again.body["name"], codes([again]), again.replayed) == ("a", [str(int(code))], True)


def test_a_refusal_by_a_constraint_is_kept(book: Book) -> None:
    insert({"name": "a"})
    assert codes(run([{"name": "a"}], once=book)) == ["1014"]
    execute("DELETE FROM guest WHERE name = %s", "a")
    assert codes(run([{"name": "a"}], once=book)) == ["1014"]


@pytest.mark.parametrize(
    ("work", "code"),
    [
        *((refusing(LoyaltyError(Code(code))), str(code)) for code in TECHNICAL - {Transport.BUSY}),
        (refusing(LoyaltyError(Transport.BUSY)), "521"),
        (raising(state("55P03")), "521"),
        (raising(state("57014")), "10001"),
        (raising("ALTER TABLE guest ADD CONSTRAINT guests_met CHECK (age < 0)"), "1038"),
        (raising("ALTER TABLE guest ADD CONSTRAINT unforeseen CHECK (age < 0)"), "10001"),
        (refusing(RuntimeError("a bug")), "10001"),
    ],
)
def test_a_technical_failure_leaves_no_trace_and_a_retry_succeeds(book: Book, work: Callable[[Item], Done], code: str) -> None:
    with capture_logs():
        assert codes(run([{"name": "a"}], work, once=book)) == [code]
    assert (names(), kept()) == ([], [])
    (again,) = run([{"name": "a"}], once=book)
    assert (codes([again]), again.replayed, names(), kept()) == (["1000"], False, ["a"], [0])


def test_a_success_with_a_technical_warning_is_a_success(book: Book) -> None:
    def work(item: Item) -> Done:
        return Done(body=insert(item).body, message="Stored", warnings=[Notice(Code.EVENTS_WAITING)])

    run([{"name": "a"}], work, once=book)
    (again,) = run([{"name": "a"}], work, once=book)
    assert (codes([again]), again.replayed, names()) == (["1000"], True, ["a"])


def test_a_deadlock_repeats_a_claimed_item_from_its_claim(book: Book) -> None:
    attempts = 0

    def work(item: Item) -> Done:
        nonlocal attempts
        attempts += 1
        done = insert(item)
        if attempts == 1:
            execute(state("40P01"))
        return done

    with capture_logs():
        assert codes(run([{"name": "a"}], work, once=book)) == ["1000"]
    assert (attempts, names(), kept()) == (2, ["a"], [0])


def count_and_refuse(item: Item) -> Done:
    insert(item)
    raise CountedRefusalError(Code.CUSTOM_FIELD_NOT_SAVED)


def test_a_counted_refusal_keeps_what_it_wrote(guests: None) -> None:
    assert codes(run([{"name": "Asha"}], count_and_refuse)) == ["1018"]
    assert names() == ["Asha"]


def test_a_counted_refusal_counts_once_under_a_key(book: Book) -> None:
    assert codes(run([{"name": "Asha"}], count_and_refuse, book)) == ["1018"]
    assert codes(run([{"name": "Asha"}], count_and_refuse, book)) == ["1018"]
    assert names() == ["Asha"]


def test_a_refusal_prints_its_message_with_values(guests: None) -> None:
    def refuse(_: Item) -> Done:
        raise LoyaltyError(Code.RENEWAL_CRITERIA_FAILED, x="no tier")

    (outcome,) = run([{"name": "Asha"}], refuse)
    assert outcome.body["item_status"]["message"] == "Call to Points Engine for tier renewal criteria failed: no tier."


def confined_failure(sqlstate: str, tries: list[str]) -> Callable[[Item], Done]:
    """Work that stores its guest, and goes on without a step that fails in the database."""

    def work(item: Item) -> Done:
        done = insert(item)
        try:
            with confined():
                tries.append("step")
                execute(state(sqlstate))
        except Error:
            tries.append("without")
        return done

    return work


def test_a_step_that_fails_has_the_item_worked_again_without_it(guests):
    tries: list[str] = []
    assert codes(run([{"name": "Ann"}], confined_failure("23514", tries))) == ["1000"]
    assert (tries, names()) == (["step", "step", "without"], ["Ann"])


def test_an_error_after_a_step_repeats_the_item_once(guests):
    tries: list[str] = []

    def work(item: Item) -> Done:
        with confined():
            tries.append("step")
        return raising(state("23514"))(item)

    assert codes(run([{"name": "Ann"}], work)) == ["10001"]
    assert (tries, names()) == (["step", "step"], [])
