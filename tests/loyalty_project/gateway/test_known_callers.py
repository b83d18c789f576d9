from loyalty_project.gateway.known_callers import KnownCallers, is_marked, mark_known
from tests.loyalty_project.gateway.test_environment import FakeHeaders

TILL = FakeHeaders([("authorization", "Basic abc")])


def test_a_right_credential_is_known_until_it_is_wrong() -> None:
    known = KnownCallers()
    entry = known.entry_of(TILL)
    assert not known.holds(entry)
    known.learn(entry, is_right=True)
    assert known.holds(known.entry_of(TILL))
    known.learn(entry, is_right=False)
    assert not known.holds(entry)


def test_another_credential_is_another_caller() -> None:
    known = KnownCallers()
    known.learn(known.entry_of(TILL), is_right=True)
    for name, value in [("authorization", "Basic abd"), ("cookie", "Basic abc"), ("x-cap-api-oauth-token", "Basic abc")]:
        assert not known.holds(known.entry_of(FakeHeaders([(name, value)])))


def test_a_request_without_a_credential_is_never_known() -> None:
    known = KnownCallers()
    known.learn(known.entry_of(FakeHeaders()), is_right=True)
    assert known.entry_of(FakeHeaders()) is None
    assert not known.holds(None)


def test_the_callers_of_long_ago_are_forgotten() -> None:
    known = KnownCallers(most=2)
    entries = [known.entry_of(FakeHeaders([("cookie", str(number))])) for number in range(3)]
    for entry in entries:
        known.learn(entry, is_right=True)
    assert [known.holds(entry) for entry in entries] == [False, True, True]


def test_a_mark_is_found_again() -> None:
    environment: dict[str, object] = {}
    assert not is_marked(environment)
    mark_known(environment)
    assert is_marked(environment)
