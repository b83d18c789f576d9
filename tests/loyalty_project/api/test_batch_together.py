"""Items of a batch that are worked together, and what happens if one of them cannot be."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from loyalty_project.api.batch import Once, Together, run_batch
from loyalty_project.db.request_time import OutOfTimeError
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import ApartError, LoyaltyError
from loyalty_project.protocol.outcomes import Done, Outcome, alone, unless_refused, work_sound
from loyalty_project.protocol.values import Item
from tests.loyalty_project.api.guests import execute, insert, names, state

WORKED_LIMIT = 16


def stored() -> str:
    """The names of the guests, which are letters."""
    return "".join(names())


class Work:
    """Stores guests; `spoil` is called with their names before. `sets` are the names that were worked together, in order."""

    def __init__(self, spoil: Callable[[str], None] = lambda _: None) -> None:
        self.spoil = spoil
        self.sets: list[str] = []

    def __call__(self, items: Sequence[Item]) -> list[Done | LoyaltyError]:
        self.sets.append("".join(item["name"] for item in items))
        assert len(self.sets) <= WORKED_LIMIT
        self.spoil(self.sets[-1])
        return [LoyaltyError(Code.FRAUD) if item.get("refused") else insert(item) for item in items]


def run(items: Sequence[Any], work: Together, once: Once | None = None) -> list[Outcome]:
    return run_batch(
        items,
        alone(work),
        together=work,
        echo=lambda item: {"name": item["name"]},
        fallback=Code.ADD_FAILED,
        constraints={"guest_name_once": Code.ALREADY_REGISTERED},
        once=once,
    )


def guests_named(letters: str, **of_some: dict[str, Any]) -> list[Item]:
    return [{"name": letter, **of_some.get(letter, {})} for letter in letters]


def codes(outcomes: Sequence[Outcome]) -> list[int]:
    return [int(outcome.body["item_status"]["code"]) for outcome in outcomes]


def failing(sqlstate: str, *, with_: str, times: int = 100) -> Callable[[str], None]:
    """A spoiler that fails in the database while this guest is worked."""
    left = [times]

    def spoil(worked: str) -> None:
        if with_ in worked and left[0]:
            left[0] -= 1
            execute(state(sqlstate))

    return spoil


def test_items_are_worked_as_one_set_and_answered_in_order(guests: None) -> None:
    work = Work()
    outcomes = run(guests_named("abcd"), work)
    assert (work.sets, codes(outcomes), stored()) == (["abcd"], [1000] * 4, "abcd")
    assert [outcome.body["name"] for outcome in outcomes] == list("abcd")


def test_a_refused_item_stops_no_other_of_its_set(guests: None) -> None:
    work = Work()
    outcomes = run(guests_named("abc", b={"refused": True}), work)
    assert (work.sets, codes(outcomes), stored()) == (["abc"], [1000, 618, 1000], "ac")
    assert outcomes[1].body["name"] == "b"


def test_a_single_item_is_worked_alone_and_its_refusal_undone(guests: None) -> None:
    def refuse(items: Sequence[Item]) -> list[Done | LoyaltyError]:
        return [LoyaltyError(Code.FRAUD) for item in items if insert(item)]

    assert (codes(run(guests_named("a"), refuse)), stored()) == ([618], "")


def test_an_item_that_must_be_alone_divides_its_set(guests: None) -> None:
    def spoil(worked: str) -> None:
        if len(worked) > 1 and "c" in worked:
            insert({"name": "trace"})
            raise ApartError(worked.index("c"))

    work = Work(spoil)
    assert codes(run(guests_named("abcde"), work)) == [1000] * 5
    assert (work.sets, stored()) == (["abcde", "ab", "c", "de"], "abcde")


@pytest.mark.parametrize(("at", "pieces"), [("a", ["a", "bc"]), ("c", ["ab", "c"])])
def test_pieces_without_items_are_not_worked(guests: None, at: str, pieces: list[str]) -> None:
    def spoil(worked: str) -> None:
        if len(worked) > 1 and at in worked:
            raise ApartError(worked.index(at))

    work = Work(spoil)
    run(guests_named("abc"), work)
    assert work.sets == ["abc", *pieces]


@pytest.mark.parametrize(
    ("broken", "code"), [({"age": "-1"}, 10001), ({"age": "x"}, 10001), ({"name": "a"}, 1014)], ids=["check", "bug", "twice"]
)
def test_an_item_that_breaks_its_set_is_found_by_halving(guests: None, broken: dict[str, Any], code: int) -> None:
    work = Work()
    with capture_logs() as logs:
        outcomes = run(guests_named("abcdefgh", f=broken), work)
    assert codes(outcomes) == [1000] * 5 + [code] + [1000] * 2
    assert stored() == "abcdegh"
    assert sum(log["event"] == "items_divided" for log in logs) == 3
    assert sum(log["event"] == "item_failed" for log in logs) == (code == 10001)


def test_a_lock_that_is_not_free_is_waited_for_once_more(guests: None) -> None:
    work = Work(failing("55P03", with_="c"))
    with capture_logs():
        assert codes(run(guests_named("abcd"), work)) == [1000, 1000, 521, 1000]
    assert (work.sets, stored()) == (["abcd", "a", "b", "c", "d"], "abd")


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_a_deadlock_repeats_the_set(guests: None, sqlstate: str) -> None:
    work = Work(failing(sqlstate, with_="b", times=2))
    with capture_logs():
        assert codes(run(guests_named("abc"), work)) == [1000] * 3
    assert (work.sets, stored()) == (["abc"] * 3, "abc")


def test_a_set_that_is_out_of_time_is_busy_and_undone(guests: None) -> None:
    def spoil(_worked: str) -> None:
        insert({"name": "trace"})
        raise OutOfTimeError

    assert (codes(run(guests_named("ab"), Work(spoil))), stored()) == ([521, 521], "")


@pytest.mark.parametrize("unreadable", [None, "", {"name": "\x00"}])
def test_beside_an_unreadable_item_each_is_worked_alone(guests: None, unreadable: Any) -> None:
    work = Work()
    assert codes(run([{"name": "a"}, unreadable, {"name": "b"}], work)) == [1000, 400, 1000]
    assert (work.sets, stored()) == (["a", "b"], "ab")


def test_items_under_a_key_are_claimed_and_worked_one_by_one(guests: None) -> None:
    class Unused:
        def claim(self, position: int) -> None:
            del position

        def keep(self, position: int, outcome: Outcome) -> None: ...

    work = Work()
    assert codes(run(guests_named("ab"), work, Unused())) == [1000, 1000]
    assert work.sets == ["a", "b"]


def test_refusals_keep_their_places_among_what_is_worked() -> None:
    refused = LoyaltyError(Code.FRAUD)
    assert work_sound([1, refused, 3], lambda sound: [2 * value for value in sound]) == [2, refused, 6]
    assert work_sound([refused], lambda _: pytest.fail("nothing is left to work")) == [refused]
    assert unless_refused(int, "7") == 7


def test_items_that_must_be_alone_are_counted_among_all() -> None:
    def divide(_sound: Sequence[int]) -> list[int | LoyaltyError]:
        raise ApartError(0, 1)

    with pytest.raises(ApartError) as apart:
        work_sound([LoyaltyError(Code.FRAUD), 1, LoyaltyError(Code.FRAUD), 2], divide)
    assert apart.value.indices == (1, 3)
