"""Values of the organization's fields: read, stored and printed. Pure functions (docs/protocol.md 3).

Canonical values are JSON: text as given, numbers as plain digits, dates `YYYY-MM-DD`, booleans "true" or "false", options in
the spelling of the definition, several options as a list in the order of the definition.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date

from customers.profile.text import fold, fold_given, search_form
from loyalty_project.protocol.numbers import plain_digits, read_plain
from organizations.fields.models import FieldDefinition

FieldValue = str | list[str]
TEXT_LENGTH = 2000
# Options that one text may name, unless the field has more.
MOST_CHOSEN = 100
_LARGEST_EXPONENT = 30
_DAY = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?", re.ASCII)
_SWITCHES = {"true": "true", "1": "true", "yes": "true", "false": "false", "0": "false", "no": "false"}


class WrongTypeError(ValueError):
    """The value does not have the field's type, or is too long."""


class NotAnOptionError(ValueError):
    """The value is not an option of the field."""


def read_value(text: str, definition: FieldDefinition) -> FieldValue:
    """The canonical value of the text sent for a field. Raises `WrongTypeError` or `NotAnOptionError`.

    A text has at most the field's length, other values 2,000 characters; several options may be longer together.
    """
    kind = FieldDefinition.Type(definition.type)
    if kind is FieldDefinition.Type.ENUM:
        (option,) = _options([text], definition)
        return option
    if kind is FieldDefinition.Type.MULTI:
        chosen = set(_options(_several(text, definition), definition))
        return [option for option in definition.options if option in chosen]
    longest = definition.max_length if kind is FieldDefinition.Type.TEXT and definition.max_length else TEXT_LENGTH
    if len(text) > min(longest, TEXT_LENGTH):
        raise WrongTypeError
    if kind is FieldDefinition.Type.NUMBER:
        return _number(text)
    if kind is FieldDefinition.Type.DATE:
        return _day(text)
    if kind is FieldDefinition.Type.BOOLEAN:
        if text.lower() not in _SWITCHES:
            raise WrongTypeError
        return _SWITCHES[text.lower()]
    return text


def write_value(value: FieldValue) -> str:
    """The value as text: several options are a JSON array."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def folded_values(values: Mapping[str, FieldValue]) -> dict[str, list[str]]:
    """Folded values by field id, for searches: a list for every field."""
    return {
        key: list(dict.fromkeys(map(search_form, [value] if isinstance(value, str) else value)))
        for key, value in values.items()
    }


def name_in(definition: FieldDefinition, language: str) -> str:
    """The field's label in a language (an ISO code, in any case), or in the language without its region, or its name."""
    if not (language and definition.labels):
        return definition.name
    labels = {_language(code): label for code, label in definition.labels.items()}
    code = _language(language)
    return labels.get(code) or labels.get(code.partition("-")[0]) or definition.name


def read_gender(text: str, definition: FieldDefinition) -> FieldValue:
    """The value of the gender field: as `read_value`, or the only option that starts with the letter given (M, F)."""
    if len(text) == 1 and definition.options:
        matching = [option for option in definition.options if fold(str(option)).startswith(fold(text))]
        if len(matching) == 1:
            return read_value(str(matching[0]), definition)
    return read_value(text, definition)


def _language(code: str) -> str:
    return code.replace("_", "-").lower()


def _options(texts: Iterable[str], definition: FieldDefinition) -> list[str]:
    """The options that the texts name, ignoring case unless one is named exactly."""
    exact = {str(option): str(option) for option in definition.options}
    by_folded = {fold_given(str(option)): str(option) for option in reversed(definition.options)}
    chosen = [exact.get(text.strip()) or by_folded.get(fold_given(text.strip()) or "") for text in texts]
    if None in chosen:
        raise NotAnOptionError
    return [option for option in chosen if option is not None]


def _several(text: str, definition: FieldDefinition) -> list[str]:
    """A JSON array, or options joined by commas."""
    if text.startswith("["):
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            raise WrongTypeError from None
        if not all(isinstance(value, str | int | float) for value in values):
            raise WrongTypeError
    else:
        values = [part for part in text.split(",") if part.strip()]
    if len(values) > max(MOST_CHOSEN, len(definition.options)):
        raise WrongTypeError
    return [str(value) for value in values]


def _number(text: str) -> str:
    # The parser keeps the digits of a JSON number, and its exponent.
    number = read_plain(text.strip(), with_exponent=True)
    if number is None or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise WrongTypeError
    return plain_digits(number)


def _day(text: str) -> str:
    match = _DAY.fullmatch(text.strip())
    if not match:
        raise WrongTypeError
    try:
        return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError:
        raise WrongTypeError from None
