"""Schemas of values, as short calls. One schema serves JSON and XML (docs/protocol.md 1.4)."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = dict[str, Any]
# Schemas by key, to be spread into `record`.
Properties = Mapping[str, Any]


def text(meaning: str = "", *, choices: Sequence[str] = (), nullable: bool = False, example: str = "") -> Schema:
    """Text; with `choices` one of these, with `nullable` or null (in XML an empty tag)."""
    schema: Schema = {"type": ["string", "null"] if nullable else "string"}
    if choices:
        schema["enum"] = list(choices)
    if example:
        schema["examples"] = [example]
    return _with(schema, meaning)


def number(meaning: str = "", *, nullable: bool = False) -> Schema:
    """A number, maybe with decimals."""
    return _with({"type": ["number", "null"] if nullable else "number"}, meaning)


def either(*types: str, meaning: str = "") -> Schema:
    """A value of one of these JSON types."""
    return _with({"type": list(types)}, meaning)


def anything(meaning: str) -> Schema:
    """A value whose form the protocol describes in words."""
    return _with({}, meaning)


def record(meaning: str = "", *, required: Sequence[str] = (), **properties: Schema) -> Schema:
    """An object with these keys, those `required` always among them; unknown keys are to be ignored."""
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return _with(schema, meaning)


def rows(row: Schema, meaning: str = "") -> Schema:
    """A list; in XML the tag of its key repeats."""
    return _with({"type": "array", "items": row}, meaning)


def bare_rows(row: Schema, tag: str, meaning: str = "") -> Schema:
    """A list without a container in JSON; in XML its key is the container of the `tag`s."""
    return _with({"type": "array", "xml": {"wrapped": True}, "items": {**row, "xml": {"name": tag}}}, meaning)


def container(key: str, row: Schema, meaning: str = "") -> Schema:
    """A plural container with a list of one key, always there."""
    return record(meaning, required=(key,), **{key: rows(row)})


def one_or_many(item: Schema, meaning: str = "") -> Schema:
    """One item, or a list of several."""
    return _with({"oneOf": [item, rows(item)]}, meaning)


def shared(name: str) -> Schema:
    """A schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def _with(schema: Schema, meaning: str) -> Schema:
    return {**schema, "description": meaning} if meaning else schema
