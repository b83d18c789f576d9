"""Made-up customers of the benchmarks, each computed from its number.

The filler writes the same customers in SQL (`benchmarks.filler`).
"""

from collections.abc import Iterator

# Every number below a thousand million makes a valid Indian mobile number.
FIRST_MOBILE = 919_000_000_000
MOBILE = "mobile"
COLOUR, CITY = "favourite_colour", "city"
COLOURS = ("red", "green", "blue", "yellow")
# Names begin with these, evenly: a letter is a tenth of the customers, two are a hundredth.
LETTERS = "abcdefghij"

# First unused numbers, for the new customers of each row of the table.
NEW_IN_PROCESS = 100_000_000
NEW_OVER_HTTP = 200_000_000
NEW_IN_FILES = 500_000_000


def person(number: int) -> dict[str, str]:
    """The identifiers and names of customer `number`, identifiers as they are stored."""
    return {
        MOBILE: str(FIRST_MOBILE + number),
        "email": f"person{number}@example.com",
        "external_id": f"B{number:09}",
        "firstname": f"{_beginning(number)}given{number % 5000}",
        "lastname": f"{_beginning(number)}family{number % 20_000}",
    }


def _beginning(number: int) -> str:
    return LETTERS[number % 10].upper() + LETTERS[number // 10 % 10]


def new_customer(number: int) -> dict[str, object]:
    """The item with which a till registers customer `number`."""
    return {
        **person(number),
        "custom_fields": {"field": [{"name": COLOUR, "value": COLOURS[number % len(COLOURS)]}]},
        "extended_fields": {"field": [{"name": CITY, "value": f"City {number % 300}"}]},
    }


def file_rows(first: int, count: int) -> Iterator[list[str]]:
    """The rows, header first, of an import file with `count` customers from `first` on."""
    yield [*person(first), f"custom.{COLOUR}", f"extended.{CITY}"]
    for number in range(first, first + count):
        yield [*person(number).values(), COLOURS[number % len(COLOURS)], f"City {number % 300}"]
