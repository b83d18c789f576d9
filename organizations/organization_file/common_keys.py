"""Keys and kinds of values that sections of several nouns share."""

from typing import Any, Final

from django.core.validators import RegexValidator

from organizations.organization_file.problems import Problems, below
from organizations.organization_file.schema import Check, Flag, Key, ListOf, Text, optional

ACTIVE: Final = optional(Flag(), default=True)
CODES: Final = ListOf(Text(100), unique=True)
LANGUAGE: Final = RegexValidator(r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*\Z", "must be a language code, like en or pt-BR")


def secret_keys(name: str) -> dict[str, Key]:
    """Keys of a secret: the secret itself, or the name of the environment variable that holds it."""
    variable = Text(
        200, validators=[RegexValidator(r"^[A-Za-z_][A-Za-z0-9_]*\Z", "must be the name of an environment variable")]
    )
    return {name: optional(Text(200)), f"{name}_env": optional(variable)}


def check_secret(name: str) -> Check:
    """A check that refuses a secret together with an environment variable for it."""

    def check(row: dict[str, Any], path: str, problems: Problems) -> None:
        if row[name] is not None and row[f"{name}_env"] is not None:
            problems.add(below(path, f"{name}_env"), f"does not go with {name}")

    return check


def check_order(first: str, last: str) -> Check:
    """A check that refuses a date `last` before the date `first`."""

    def check(value: dict[str, Any], path: str, problems: Problems) -> None:
        if value[first] and value[last] and value[first] > value[last]:
            problems.add(below(path, last), f"must not be before {first}")

    return check
