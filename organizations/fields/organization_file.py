"""Section `fields` of the organization file: fields by category, in order, and the field that answers `gender`."""

from collections.abc import Sequence
from typing import Any, Final

from organizations.fields.models import FieldDefinition
from organizations.organization_file.common_keys import ACTIVE, LANGUAGE
from organizations.organization_file.problems import Problems, below
from organizations.organization_file.references import check_name
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import (
    Flag,
    ListOf,
    MapOf,
    OneOf,
    Struct,
    Text,
    Whole,
    column_text,
    optional,
    required,
)
from organizations.organization_file.sections import Document, Section
from organizations.tenancy.models import Organization

CATEGORIES: Final = tuple(FieldDefinition.Category.values)
CUSTOMER_CATEGORIES: Final = ("custom", "extended")
_TYPES_WITH_OPTIONS: Final = {"enum", "multi"}


def _check_field(field: dict[str, Any], path: str, problems: Problems) -> None:
    if field["type"] in _TYPES_WITH_OPTIONS and not field["options"]:
        problems.add(below(path, "options"), f"is required for {field['type']}")
    if field["type"] not in _TYPES_WITH_OPTIONS and field["options"]:
        problems.add(below(path, "options"), f"does not go with {field['type']}")
    if field["type"] != "text" and field["max_length"] is not None:
        problems.add(below(path, "max_length"), f"does not go with {field['type']}")


FIELD: Final = Struct(
    {
        "name": required(column_text(FieldDefinition, "name")),
        "type": optional(OneOf(*FieldDefinition.Type.values), "text"),
        "options": optional(ListOf(Text(200), unique=True), []),
        "max_length": optional(Whole(1, 2000)),
        "labels": optional(MapOf(Text(20, validators=[LANGUAGE]), Text(200)), {}),
        "mandatory": optional(Flag(), default=False),
        "searchable": optional(Flag(), default=False),
        "active": ACTIVE,
    },
    _check_field,
)
FIELD_TABLE: Final = Table(
    model=FieldDefinition,
    key_of=lambda row: (row.category, row.name),
    label=lambda row: f"{row.category} field {row.name}",
    file_keys={"is_active": "active", "is_mandatory": "mandatory", "is_searchable": "searchable"},
)
_SAME_KEYS: Final = ("name", "type", "options", "max_length", "labels")


def list_fields(document: Document, category: str) -> list[dict[str, Any]]:
    """The fields of one category; the section may be absent."""
    fields: list[dict[str, Any]] = (document["fields"] or {}).get(category, [])
    return fields


def customer_field_names(document: Document) -> set[str]:
    """Names of the custom and extended fields."""
    return {field["name"] for category in CUSTOMER_CATEGORIES for field in list_fields(document, category)}


def check_gender_field(document: Document, problems: Problems) -> None:
    """The field that answers `gender` is one of the customers' fields."""
    name = (document["fields"] or {}).get("gender_field")
    check_name(name, customer_field_names(document), "custom or extended field", "fields.gender_field", problems)


def load_fields(document: Document, rows: RowChanges) -> None:
    """Make fields equal to the document, and put them in its order."""
    existing: list[FieldDefinition] = list(rows.existing(FIELD_TABLE).values())
    rows.apply(
        FIELD_TABLE,
        [
            row
            for category in CATEGORIES
            for row in _category_rows(
                category, list_fields(document, category), [field for field in existing if field.category == category]
            )
        ],
    )


def dump_fields(organization: Organization) -> dict[str, Any]:
    """Fields by category, in order."""
    fields: dict[str, list[dict[str, Any]]] = {category: [] for category in CATEGORIES}
    for field in FieldDefinition.objects.all():
        fields[field.category].append(
            {
                "mandatory": field.is_mandatory,
                "searchable": field.is_searchable,
                "active": field.is_active,
                **{name: getattr(field, name) for name in _SAME_KEYS},
            }
        )
    return {**fields, "gender_field": organization.gender_field}


FIELDS: Final = Section(
    name="fields",
    schema=optional(
        Struct(
            {
                **{category: optional(ListOf(FIELD, key=("name",)), []) for category in CATEGORIES},
                "gender_field": optional(Text(100), ""),
            }
        )
    ),
    check=check_gender_field,
    load=load_fields,
    dump=dump_fields,
)


def _category_rows(category: str, fields: list[dict[str, Any]], existing: Sequence[FieldDefinition]) -> list[WantedRow]:
    positions = _positions([field["name"] for field in fields], existing)
    return [
        WantedRow(
            (category, field["name"]),
            f"fields.{category}[{number}]",
            {
                "category": category,
                "is_mandatory": field["mandatory"],
                "is_searchable": field["searchable"],
                "is_active": field["active"],
                "position": positions[field["name"]],
                **{name: field[name] for name in _SAME_KEYS},
            },
        )
        for number, field in enumerate(fields)
    ]


def _positions(names: Sequence[str], existing: Sequence[FieldDefinition]) -> dict[str, int]:
    """Positions of the named fields. Fields already in the file's order keep theirs; new ones come last.

    `existing` is in its present order and includes fields that the file no longer names; they keep their positions.
    """
    present = {field.name: field.position for field in existing}
    if [name for name in present if name in names] == list(names[: len([name for name in names if name in present])]):
        after = max(present.values(), default=-1) + 1
        new = [name for name in names if name not in present]
        return {**present, **{name: after + number for number, name in enumerate(new)}}
    return {name: number for number, name in enumerate(names)}
