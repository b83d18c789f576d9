import pytest

from engagement.programs.expressions import positions_of


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
