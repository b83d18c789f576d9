"""Schema of a document: kinds of values, each with a check (`read`) and a shortest form (`show`).

`read` takes a value of a YAML document and returns it with every default filled in. Problems are added with their paths; the
returned value is then meaningless. `show` takes such a value, or the same from stored JSON, and returns it in its shortest
form: without defaults and empty values, keys in the order of the schema, dates and decimals as such.
"""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Model

from organizations.organization_file.problems import Problems, below

_CONTROL: Final = {"Cc", "Cs"}
# Beyond it a Decimal stays as it is: 1e999999 has a million digits as an int.
LARGEST_EXPONENT: Final = 40
_LINE_CONTROL: Final = "\n\t"


class Kind(ABC):
    """One kind of value."""

    @abstractmethod
    def read(self, value: Any, path: str, problems: Problems) -> Any:
        """The value with defaults filled in. Adds to `problems`."""

    def show(self, value: Any) -> Any:
        """The value in its shortest form."""
        return value


@dataclass(frozen=True)
class Text(Kind):
    """Text of one line (or several), not blank. `validators` are Django's: they raise ValidationError."""

    max_length: int = 200
    validators: Sequence[Callable[[Any], None]] = ()
    lines: bool = False

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, str):
            problems.add(path, f"must be text{_quoting(value)}")
        elif not value.strip():
            problems.add(path, "must not be blank")
        elif len(value) > self.max_length:
            problems.add(path, f"must be at most {self.max_length} characters")
        elif any(
            unicodedata.category(character) in _CONTROL and not (self.lines and character in _LINE_CONTROL)
            for character in value
        ):
            problems.add(path, "must not contain control characters")
        else:
            for validate in self.validators:
                try:
                    validate(value)
                except ValidationError as error:
                    problems.add(path, error.messages[0])
        return value


def column_text(model: type[Model], name: str) -> Text:
    """Text with the length and the validators of a model's field."""
    field: Any = model._meta.get_field(name)
    return Text(max_length=field.max_length, validators=tuple(field.validators))


@dataclass(frozen=True)
class Flag(Kind):
    """true or false."""

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, bool):
            problems.add(path, "must be true or false")
        return value


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from `low` to `high`."""

    low: int
    high: int

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.add(path, "must be a whole number")
        elif not self.low <= value <= self.high:
            problems.add(path, f"must be from {self.low} to {self.high}")
        return value


@dataclass(frozen=True)
class Number(Kind):
    """A number >= 0 (or > 0) with at most `places` decimals, and 15 digits in all: then a JSON number holds it exactly."""

    places: int
    above_zero: bool = False

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            problems.add(path, "must be a number")
            return value
        number = plain_number(value)
        if number < 0 or (self.above_zero and number == 0):
            problems.add(path, f"must be {'above' if self.above_zero else 'at least'} 0")
        elif number >= 10 ** (15 - self.places):
            problems.add(path, f"must be below {10 ** (15 - self.places)}")
        elif isinstance(number, Decimal) and -int(number.as_tuple().exponent) > self.places:
            problems.add(path, f"must have at most {self.places} decimals")
        return number

    def show(self, value: Any) -> Any:
        return plain_number(Decimal(repr(value))) if isinstance(value, float) else value


def plain_number(value: int | Decimal) -> int | Decimal:
    """The number in its normal form: an int if it is whole, else a Decimal without trailing zeros."""
    if isinstance(value, int) or value.adjusted() > LARGEST_EXPONENT:
        return value
    return int(value) if value == value.to_integral_value() else value.normalize()


@dataclass(frozen=True)
class Day(Kind):
    """A date."""

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, date):
            problems.add(path, "must be a date, YYYY-MM-DD without quotes")
        return value

    def show(self, value: Any) -> Any:
        return date.fromisoformat(value) if isinstance(value, str) else value


class OneOf(Kind):
    """One of some words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if value not in self.words:
            problems.add(path, f"must be one of {', '.join(self.words)}")
        return value


@dataclass(frozen=True)
class AnyOf(Kind):
    """The kind for the value's type."""

    kinds: Mapping[type, Kind]
    message: str

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        kind = self.kinds.get(type(value))
        if kind is None:
            problems.add(path, self.message)
            return value
        return kind.read(value, path, problems)

    def show(self, value: Any) -> Any:
        return Number(6).show(value)


@dataclass(frozen=True)
class ListOf(Kind):
    """A list. `key`: the keys of its mappings that together occur once; for plain values `unique`."""

    kind: Kind
    key: tuple[str, ...] = ()
    unique: bool = False
    filled: bool = False

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            problems.add(path, "must be a list")
            return value
        if self.filled and not value:
            problems.add(path, "must not be empty")
        read = [self.kind.read(item, f"{path}[{number}]", problems) for number, item in enumerate(value)]
        if self.key or self.unique:
            self._find_duplicates(read, path, problems)
        return read

    def _find_duplicates(self, read: list[Any], path: str, problems: Problems) -> None:
        seen: set[str] = set()
        for number, item in enumerate(read):
            if self.key and not isinstance(item, dict):
                continue
            key = ", ".join(str(item.get(name)) for name in self.key) if self.key else str(item)
            if key in seen:
                at = f"{path}[{number}]"
                problems.add(below(at, self.key[-1]) if self.key else at, f"{key!r} stands here twice")
            seen.add(key)

    def show(self, value: Any) -> Any:
        return [self.kind.show(item) for item in value]


@dataclass(frozen=True)
class MapOf(Kind):
    """A mapping with any keys. Shown in the order of its keys, since JSON columns do not keep one."""

    key: Text
    kind: Kind

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems.add(path, "must be a mapping")
            return value
        for key in value:
            self.key.read(key, below(path, key), problems)
        return {key: self.kind.read(item, below(path, key), problems) for key, item in value.items()}

    def show(self, value: Any) -> Any:
        return {key: self.kind.show(value[key]) for key in sorted(value)}


@dataclass(frozen=True)
class Key:
    """One key of a mapping. Not required: absent or null means `default`; null is a value of its own if it `keeps_null`."""

    kind: Kind
    required: bool = False
    default: Any = None
    keeps_null: bool = False


Check = Callable[[dict[str, Any], str, Problems], None]


def required(kind: Kind) -> Key:
    """A key that must be present."""
    return Key(kind, required=True)


def optional(kind: Kind, default: Any = None) -> Key:
    """A key that may be absent or null; then it means `default`."""
    return Key(kind, default=default)


def nullable(kind: Kind, default: Any) -> Key:
    """A key that may be absent, which means `default`, or null, which means something else."""
    return Key(kind, default=default, keeps_null=True)


class Struct(Kind):
    """A mapping with known keys. `check` is called with all of them, once each is right by itself."""

    def __init__(self, keys: Mapping[str, Key], check: Check | None = None) -> None:
        self.keys = keys
        self.check = check

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems.add(path, "must be a mapping")
            return value
        before = len(problems)
        for name in value:
            if name not in self.keys:
                problems.add(below(path, name), "unknown key")
        read: dict[str, Any] = {}
        for name, key in self.keys.items():
            given = value.get(name)
            if given is not None:
                read[name] = key.kind.read(given, below(path, name), problems)
            elif key.keeps_null and name in value:
                read[name] = None
            else:
                read[name] = deepcopy(key.default)
                if key.required:
                    problems.add(below(path, name), "is required")
        if self.check and len(problems) == before:
            self.check(read, path, problems)
        return read

    def show(self, value: Any) -> Any:
        shown: dict[str, Any] = {}
        for name, key in self.keys.items():
            given = value.get(name)
            if given is None:
                if key.keeps_null and name in value:
                    shown[name] = None
                continue
            value_shown = key.kind.show(given)
            if value_shown != key.default and not _is_empty_default(value_shown, key.default):
                shown[name] = value_shown
        return shown


def _is_empty_default(value: Any, default: Any) -> bool:
    """True if value and default are both empty, perhaps in different forms: {} and null."""
    return value in ("", [], {}) and default in (None, "", [], {})


class Variants(Kind):
    """A mapping whose other keys depend on the word under `tag`."""

    def __init__(self, tag: str, variants: Mapping[str, Mapping[str, Key]], common: Mapping[str, Key] | None = None) -> None:
        self.tag = tag
        self.common = dict(common or {})
        word = OneOf(*variants)
        self.structs = {name: Struct({**self.common, tag: required(word), **keys}) for name, keys in variants.items()}
        self.word = word

    def read(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, dict):
            problems.add(path, "must be a mapping")
            return value
        given = value.get(self.tag)
        struct = self.structs.get(given) if isinstance(given, str) else None
        if struct is None:
            self.word.read(given, below(path, self.tag), problems)
            return value
        return struct.read(value, path, problems)

    def show(self, value: Any) -> Any:
        return self.structs[value[self.tag]].show(value)


def _quoting(value: Any) -> str:
    return "; put it in quotes" if isinstance(value, bool | int | Decimal | date) else ""
