"""How is the audit told to people? Each entry with who and when, and every change as name, old and new."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from organizations.models import AuditEntry, FieldDefinition


@dataclass(frozen=True, slots=True)
class ToldChange:
    """One thing that changed, in words. Blank: there was, or is, nothing."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """One audit entry, in words."""

    entry: AuditEntry
    who: str
    source: str
    changes: list[ToldChange]


def tell_history(entries: Iterable[AuditEntry], names: Mapping[str, str]) -> list[ToldEntry]:
    """The entries in words. `names` are the names of things inside of others, like those of fields: `field_values.7`."""
    return [ToldEntry(entry, tell_who(entry.actor), tell_source(entry.source), tell_changes(entry, names)) for entry in entries]


def field_names() -> dict[str, str]:
    """The names of the scope's fields, by the path under which customers keep their values; one query."""
    fields = FieldDefinition.objects.values_list("pk", "name")
    return {f"field_values.{pk}": name for pk, name in fields}


def tell_who(actor: str) -> str:
    """`staff:asha` as "asha (staff)"."""
    kind, colon, name = actor.partition(":")
    return f"{name} ({kind})" if colon else actor


def tell_source(source: str) -> str:
    """Where the change came from: API, import, back office or command."""
    return source if source == AuditEntry.Source.API else source.replace("_", " ").lower()


def tell_changes(entry: AuditEntry, names: Mapping[str, str]) -> list[ToldChange]:
    """Old and new of everything that the entry says, what stands inside of an object one by one."""
    changes: list[ToldChange] = []
    for name in dict.fromkeys([*entry.old, *entry.new]):
        old, new = entry.old.get(name), entry.new.get(name)
        if isinstance(old, dict) or isinstance(new, dict):
            before, after = (one if isinstance(one, dict) else {} for one in (old, new))
            changes += [
                ToldChange(names.get(f"{name}.{key}", key), tell_value(before.get(key)), tell_value(after.get(key)))
                for key in dict.fromkeys([*before, *after])
                if before.get(key) != after.get(key)
            ]
        else:
            changes.append(ToldChange(names.get(name, name.replace("_", " ")), tell_value(old), tell_value(new)))
    return changes


def tell_value(value: Any) -> str:
    """A JSON value in words: yes and no, lists with commas, moments in the time zone of the page."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(tell_value, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    moment = _moment(value) if isinstance(value, str) and "T" in value else None
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else str(value)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
