"""Floors of yardsticks: lower for calls that do more, and well below what was measured."""

from benchmarks.expectations import LOOKUPS, TOLERANCE, WSGI_WITH_ONE_LOOKUP, floor_of_calls


def test_with_one_statement_it_is_the_tolerated_share_of_what_was_measured() -> None:
    assert round(floor_of_calls(statements=1)) == round(TOLERANCE * WSGI_WITH_ONE_LOOKUP)


def test_statement_costs_grow_with_statements_and_transactions() -> None:
    more = 1 / floor_of_calls(statements=11) - 1 / floor_of_calls(statements=1)
    assert round(10 / more) == round(TOLERANCE * LOOKUPS)
    assert floor_of_calls(statements=11, transactions=1) < floor_of_calls(statements=11)
