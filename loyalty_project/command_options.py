"""Numbers among the options of management commands, read as strictly as those of files."""

from argparse import ArgumentTypeError
from dataclasses import dataclass

from loyalty_project.protocol.numbers import read_whole


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """The type of an option: a whole number of digits 0 to 9, from `low` to `high`. Raises `ArgumentTypeError`."""

    low: int
    high: int | None = None

    def __call__(self, text: str) -> int:
        number = read_whole(text)
        if number is None:
            raise ArgumentTypeError("must be a whole number, in digits 0 to 9")
        if self.high is None and number < self.low:
            raise ArgumentTypeError(f"must be {self.low} or more")
        if self.high is not None and not self.low <= number <= self.high:
            raise ArgumentTypeError(f"must be from {self.low} to {self.high}")
        return number


# A number of rows, processes or threads.
COUNT = WholeNumber(1)
# The id of a customer.
ROW_ID = WholeNumber(0)
