import pytest

from engagement.programs.expressions import alternatives_of, positions_of


@pytest.mark.parametrize(
    ("expression", "positions"),
    [
        ("1", {1}),
        ("(1 AND 2) OR 3", {1, 2, 3}),
        ("1 or (2 and (3 OR 4))", {1, 2, 3, 4}),
        ("((12)) AND 12 ", {12}),
        ("(1)AND(2)", {1, 2}),
    ],
)
def test_an_expression_names_positions(expression: str, positions: set[int]) -> None:
    assert positions_of(expression) == positions


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "ends too early"),
        ("1 AND", "ends too early"),
        ("(1 OR 2", "ends too early"),
        ("1 2", "2 is in the wrong place"),
        ("1)", ") is in the wrong place"),
        ("AND 1", "AND is in the wrong place"),
        ("()", ") is in the wrong place"),
        ("1 (2)", "( is in the wrong place"),
        ("1 XOR 2", "cannot be read from 'XOR 2' on"),
        ("1 ANDY 2", "cannot be read from 'ANDY 2' on"),
        ("-1", "cannot be read from '-1' on"),
        ("(" * 501, "must be at most 500 characters"),
    ],
)
def test_what_is_no_expression_is_refused(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        positions_of(expression)


@pytest.mark.parametrize(
    ("expression", "alternatives"),
    [
        ("1", [{1}]),
        ("(1 AND 2) OR 3", [{1, 2}, {3}]),
        ("1 AND 2 OR 3 AND 4", [{1, 2}, {3, 4}]),
        ("1 AND (2 OR 3)", [{1, 2}, {1, 3}]),
        ("(1 or 2) and (2 or 1)", [{1, 2}, {1}, {2}]),
        ("((1))", [{1}]),
    ],
)
def test_an_expression_has_alternatives(expression: str, alternatives: list[set[int]]) -> None:
    assert set(alternatives_of(expression)) == {frozenset(together) for together in alternatives}


def test_an_expression_with_too_many_alternatives_is_refused() -> None:
    expression = " AND ".join(f"({2 * number + 1} OR {2 * number + 2})" for number in range(8))
    with pytest.raises(ValueError, match="has more than 100 alternatives"):
        alternatives_of(expression)
