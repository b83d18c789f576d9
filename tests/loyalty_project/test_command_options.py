"""Numbers among the options of management commands."""

from argparse import ArgumentTypeError

import pytest

from loyalty_project.command_options import COUNT, WholeNumber


@pytest.mark.parametrize("text", ["1_000", "\u0661", "\uff11", " 1", "1.0", "1e3", "", "9" * 19])
def test_an_option_has_plain_digits(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="whole number"):
        COUNT(text)


def test_an_option_keeps_its_limits() -> None:
    assert [WholeNumber(1, 9)(text) for text in ("1", "+9", "007")] == [1, 9, 7]
    for text in ("0", "10", "-1"):
        with pytest.raises(ArgumentTypeError, match="must be from 1 to 9"):
            WholeNumber(1, 9)(text)
    with pytest.raises(ArgumentTypeError, match="must be 1 or more"):
        COUNT("0")
