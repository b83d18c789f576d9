"""Made-up customers of the benchmarks, each computed from its number.

The filler writes the same customers in SQL (`benchmarks.filler`).
"""

from collections.abc import Iterator
from typing import Final

# Every number below a thousand million makes a valid Indian mobile number.
FIRST_MOBILE: Final = 919_000_000_000
MOBILE: Final = "mobile"
COLOUR, CITY = "favourite_colour", "city"
COLOURS: Final = ("red", "green", "blue", "yellow")
# Names begin with these, evenly: a letter is a tenth of the customers, two are a hundredth.
LETTERS: Final = "abcdefghij"

# Members, made through the services, have the numbers from 1 on; the first numbers of all others:
FILLED: Final = 100_001
NEW_OVER_HTTP: Final = 200_000_000
NEW_IN_FILES: Final = 500_000_000


def person(number: int) -> dict[str, str]:
    """The identifiers and names of customer `number`, identifiers as they are stored."""
    return {
        MOBILE: mobile(number),
        "email": f"person{number}@example.com",
        "external_id": f"B{number:09}",
        "firstname": f"{_beginning(number)}given{number % 5000}",
        "lastname": f"{_beginning(number)}family{number % 20_000}",
    }


def mobile(number: int) -> str:
    """The mobile of customer `number`, as it is stored."""
    return str(FIRST_MOBILE + number)


def _beginning(number: int) -> str:
    return LETTERS[number % 10].upper() + LETTERS[number // 10 % 10]


def new_customer(number: int) -> dict[str, object]:
    """The item with which a till registers customer `number`."""
    return {
        **person(number),
        "custom_fields": {"field": [{"name": COLOUR, "value": COLOURS[number % len(COLOURS)]}]},
        "extended_fields": {"field": [{"name": CITY, "value": f"City {number % 300}"}]},
    }


def file_rows(first: int, count: int, *, till: str) -> Iterator[list[str]]:
    """The rows, header first, of an import file with `count` customers from `first` on, registered at a till."""
    yield [*person(first), f"custom.{COLOUR}", f"extended.{CITY}", "registered_till"]
    for number in range(first, first + count):
        yield [*person(number).values(), COLOURS[number % len(COLOURS)], f"City {number % 300}", till]
