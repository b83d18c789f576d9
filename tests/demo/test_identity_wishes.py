"""Which identifiers did customers of the demo want changed?"""

from demo.identity_wishes import DemoWish, demo_wishes
from demo.people import NUMBERS

PEOPLE = [{"mobile": NUMBERS[number], "email": f"guest{number}@example.com"} for number in range(60)]
TAKEN = set(NUMBERS[:60])


def test_requests_are_the_same_at_every_run_and_one_a_person() -> None:
    wishes = demo_wishes(PEOPLE, taken=TAKEN)
    assert wishes == demo_wishes(PEOPLE, taken=TAKEN)
    assert len({wish.person for wish in wishes}) == len(wishes) > 10
    assert [wish.hours_ago for wish in wishes] == sorted((wish.hours_ago for wish in wishes), reverse=True)
    assert {wish.verdict for wish in wishes} == {"", "approved", "rejected"}


def test_new_values_are_free_unless_taken_on_purpose() -> None:
    theirs = {value for one in PEOPLE for value in one.values()}

    def is_free(wish: DemoWish) -> bool:
        return wish.new_value.endswith("@post.example.com") or (wish.new_value in NUMBERS and wish.new_value not in TAKEN)

    wishes = demo_wishes(PEOPLE, taken=TAKEN)
    assert all(wish.old_value == PEOPLE[wish.person][wish.kind] != wish.new_value for wish in wishes)
    assert sum(not is_free(wish) for wish in wishes) == 3
    assert all(is_free(wish) or wish.new_value in theirs for wish in wishes)


def test_fewer_people_make_fewer_requests() -> None:
    assert demo_wishes([], taken=()) == []
    assert len(demo_wishes(PEOPLE[:2], taken=TAKEN)) == 2
    assert [wish.kind for wish in demo_wishes([{"mobile": NUMBERS[0]}, {}], taken=TAKEN)] == ["mobile"]
