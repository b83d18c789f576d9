"""Forms made from the schema of the organization file: a field for each value, named by its path, checked by the schema itself.

`fields_of` makes the fields of a mapping, `initial_of` their values, `document_of` the mapping that was typed. A problem of the
schema has the path of its field.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from loyalty_project.protocol.numbers import read_whole
from loyalty_project.protocol.plain_text import visible
from organizations.back_office.forms import DayInput, LineField, LinesField, NumberField, WholeNumberField
from organizations.organization_file.problems import OrganizationFileError, below
from organizations.organization_file.reading import read_document
from organizations.organization_file.schema import (
    AnyOf,
    Day,
    Flag,
    Key,
    Kind,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Struct,
    Text,
    Variants,
    Whole,
)
from organizations.organization_file.writing import write_document

# Rows of a list of mappings that a form offers beyond those that are filled.
MORE_ROWS: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a form speaks: labels and help by path (numbers in brackets left out), words for choices, and values to choose from.

    `choices` are the known values of a text or of a list of texts. Paths in `hidden` have no field and keep their value.
    """

    labels: Mapping[str, str]
    words: Mapping[str, str]
    choices: Mapping[str, Sequence[str]]
    helps: Mapping[str, str]
    hidden: frozenset[str] = frozenset()


def fields_of(
    struct: Struct | Variants, value: Mapping[str, Any], wording: Wording, *, path: str = ""
) -> dict[str, forms.Field]:
    """The fields of a mapping, by path. `value` decides how many rows its lists have."""
    made: dict[str, forms.Field] = {}
    for name, key in keys_of(struct).items():
        at = below(path, name)
        if plain_path(at) in wording.hidden:
            continue
        given = value.get(name)
        if isinstance(key.kind, Struct | Variants):
            made |= fields_of(key.kind, given or {}, wording, path=at)
        elif isinstance(key.kind, ListOf) and isinstance(key.kind.kind, Struct | Variants):
            rows = given or []
            for number in range(len(rows) + MORE_ROWS):
                row = rows[number] if number < len(rows) else {}
                made |= fields_of(key.kind.kind, row, wording, path=f"{at}[{number}]")
        else:
            made[at] = _field(key, at, wording, given)
            made[at].initial = _shown(key.default)
    return made


def initial_of(struct: Struct | Variants, value: Mapping[str, Any], *, path: str = "") -> dict[str, Any]:
    """The values of the fields, as the forms show them."""
    initial: dict[str, Any] = {}
    for name, key in keys_of(struct).items():
        at, given = below(path, name), value.get(name)
        if isinstance(key.kind, Struct | Variants):
            initial |= initial_of(key.kind, given or {}, path=at)
        elif isinstance(key.kind, ListOf) and isinstance(key.kind.kind, Struct | Variants):
            for number, row in enumerate(given or ()):
                initial |= initial_of(key.kind.kind, row, path=f"{at}[{number}]")
        else:
            is_null = key.keeps_null and name in value
            initial[at] = _shown(key.default if given is None and not is_null else given)
    return initial


def document_of(
    struct: Struct | Variants, cleaned: Mapping[str, Any], value: Mapping[str, Any], wording: Wording, *, path: str = ""
) -> dict[str, Any]:
    """The mapping that was typed, as the file is read: blank values are left out, hidden ones are those of `value`.

    Rows without a value are left out too. Of a mapping with variants only the keys of the chosen variant remain.
    """
    document: dict[str, Any] = {}
    for name, key in keys_of(struct).items():
        at = below(path, name)
        if plain_path(at) in wording.hidden:
            typed = value.get(name)
        elif isinstance(key.kind, Struct | Variants):
            typed = document_of(key.kind, cleaned, value.get(name) or {}, wording, path=at) or None
        elif isinstance(key.kind, ListOf) and isinstance(key.kind.kind, Struct | Variants):
            kind, before = key.kind.kind, value.get(name) or []
            rows = [
                document_of(kind, cleaned, before[number] if number < len(before) else {}, wording, path=f"{at}[{number}]")
                for number in range(_rows_typed(cleaned, at))
            ]
            typed = [row for row in rows if row] or None
        else:
            typed = _typed(key, cleaned.get(at))
        if typed is not None:
            document[name] = typed
        elif key.keeps_null and at in cleaned and cleaned[at] is None:
            document[name] = None
    if isinstance(struct, Variants):
        return _of_variant(struct, document)
    return document


def keys_of(struct: Struct | Variants) -> Mapping[str, Key]:
    """The keys of a mapping: of one with variants those of all of them, the tag first."""
    if isinstance(struct, Struct):
        return struct.keys
    keys: dict[str, Key] = dict(struct.common)
    keys[struct.tag] = Key(struct.word)
    for variant in struct.structs.values():
        for name, key in variant.keys.items():
            known = keys.setdefault(name, key)
            if type(known.kind) is not type(key.kind):
                # What one variant has as a number, another has as a date.
                keys[name] = Key(AnyOf({}, ""))
    return keys


def plain_path(path: str) -> str:
    """The path without the numbers of rows: `upgrade.conditions[1].tracker` as `upgrade.conditions.tracker`."""
    return "".join(_outside_brackets(path))


def _outside_brackets(path: str) -> Iterator[str]:
    is_inside = False
    for character in path:
        is_inside = character == "[" or (is_inside and character != "]")
        if not is_inside and character != "]":
            yield character


def _rows_typed(cleaned: Mapping[str, Any], at: str) -> int:
    numbers = [
        int(name.removeprefix(f"{at}[").partition("]")[0]) for name in cleaned if name.startswith(f"{at}[")
    ]  # fmt: skip
    return max(numbers, default=-1) + 1


def _of_variant(struct: Variants, document: Mapping[str, Any]) -> dict[str, Any]:
    chosen = document.get(struct.tag)
    if chosen is None:
        return {}
    allowed = struct.structs[chosen].keys if chosen in struct.structs else {struct.tag: None}
    return {name: typed for name, typed in document.items() if name in allowed}


def _typed(key: Key, value: Any) -> Any:
    """A typed value as the file has it; None for blank, and for the default: a mapping of defaults alone says nothing."""
    if value in ("", None, [], {}) or value == key.default:
        return None
    if isinstance(key.kind, AnyOf):
        return _number_or_day(str(value))
    if isinstance(key.kind, ListOf) and isinstance(key.kind.kind, Whole):
        return [number if (number := read_whole(text)) is not None else text for text in value]
    return value


def _number_or_day(text: str) -> int | date | str:
    number = read_whole(text)
    if number is not None:
        return number
    try:
        return date.fromisoformat(text)
    except ValueError:
        return text


def _shown(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return [str(item) for item in value]
    return value


def _field(key: Key, path: str, wording: Wording, given: Any) -> forms.Field:
    plain = plain_path(path)
    label = wording.labels.get(plain, plain.rpartition(".")[2].replace("_", " ").capitalize())
    # The word of the organization file stands in small grey, as that of a policy does.
    help_text = " · ".join(part for part in (wording.helps.get(plain, ""), plain) if part)
    shared: dict[str, Any] = {"label": label, "help_text": help_text, "required": False}
    return _choice_field(key, plain, wording, given, shared) or _typed_field(key.kind, shared)


def _choice_field(key: Key, plain: str, wording: Wording, given: Any, shared: Mapping[str, Any]) -> forms.Field | None:
    """The field of a value that is chosen; None for one that is typed. What is `given` may be kept."""
    kind = key.kind
    if isinstance(kind, OneOf):
        words = [(word, wording.words.get(f"{plain}.{word}", wording.words.get(word, word))) for word in kind.words]
        blank = [] if key.default in kind.words else [("", "–")]
        return forms.ChoiceField(choices=[*blank, *words], widget=UnfoldAdminSelectWidget, **shared)
    if isinstance(kind, ListOf) and isinstance(kind.kind, OneOf):
        words = [(word, wording.words.get(word, word)) for word in kind.kind.words]
        return forms.MultipleChoiceField(choices=words, widget=UnfoldAdminCheckboxSelectMultipleWidget, **shared)
    if not wording.choices.get(plain):
        return None
    if isinstance(kind, ListOf):
        known = dict.fromkeys([*wording.choices[plain], *(given or ())])
        choices = [(value, value) for value in known]
        return forms.MultipleChoiceField(choices=choices, widget=UnfoldAdminCheckboxSelectMultipleWidget, **shared)
    known = dict.fromkeys([*wording.choices[plain], *([given] if given else [])])
    choices = [("", "–"), *((value, value) for value in known)]
    return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget, **shared)


def _typed_field(kind: Kind, shared: Mapping[str, Any]) -> forms.Field:
    match kind:
        case Flag():
            return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **shared)
        case Number():
            return NumberField(widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}), **shared)
        case Whole():
            return WholeNumberField(widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}), **shared)
        case Day():
            return forms.DateField(widget=DayInput, **shared)
        case ListOf():
            return LinesField(widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), **shared)
        case MapOf():
            made = MappingField if isinstance(kind.kind, AnyOf) else ListsByNameField
            return made(widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), **shared)
        case Text(lines=True):
            return ParagraphsField(strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}), **shared)
        case _:
            return LineField(widget=UnfoldAdminTextInputWidget, **shared)


class ParagraphsField(forms.CharField):
    """Text of several lines, kept as it is but for invisible characters."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return visible(text.replace("\r\n", "\n")) if isinstance(text, str) else text


class MappingField(forms.CharField):
    """A mapping of texts, numbers, true and false, one `name: value` per line, written as in the organization file."""

    def prepare_value(self, value: Any) -> Any:
        return (write_document(value) if value else "") if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return {}
        try:
            read = read_document(text.encode(errors="surrogatepass"))
        except OrganizationFileError as error:
            raise forms.ValidationError(f"Write one per line, like “colour: blue”. {error}") from error
        if not isinstance(read, dict):
            raise forms.ValidationError("Write one per line, like “colour: blue”.")
        return read


class ListsByNameField(forms.CharField):
    """A mapping of lists of texts, one `name: value, value` per line."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{name}: {', '.join(values)}" for name, values in sorted(value.items()))
        return value

    def to_python(self, value: Any) -> Any:
        lists: dict[str, list[str]] = {}
        for line in (super().to_python(value) or "").splitlines():
            name, _, values = (part.strip() for part in line.partition(":"))
            if not name and not values:
                continue
            listed = [text.strip() for text in values.split(",") if text.strip()]
            if not name or not listed:
                raise forms.ValidationError(
                    gettext("Write one per line, like “brand: Alder, Birch”. Not so: %(line)s") % {"line": line}
                )
            lists[name] = listed
        return lists
