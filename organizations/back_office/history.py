"""The audit in words: each entry with actor and time, and every change as name, old and new value."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.utils import timezone

from organizations.audit.models import AuditEntry
from organizations.fields.models import FieldDefinition
from organizations.staff.masks import HIDDEN
from organizations.staff.sight import sees_person

_PERSON: Final = "customer"
# What staff state as their reason, and numbers of rows, are for everybody who reads the audit.
_SHOWN_TO_ALL: Final = frozenset(
    {"reason", "minutes", "customer", "survivor", "victim", "merge", "points", "adjustment", "status", "version", "state"}
)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One changed value, in words. Blank: no value."""

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One audit entry, in words."""

    entry: AuditEntry
    who: str
    source: str
    changes: list[ChangeRow]


def history_rows(entries: Iterable[AuditEntry], names: Mapping[str, str]) -> list[HistoryRow]:
    """The entries in words. `names` has the names of nested values by path, such as fields: `field_values.7`."""
    return [
        HistoryRow(entry, actor_label(entry.actor), source_label(entry.source), change_rows(entry, names)) for entry in entries
    ]


def field_names() -> dict[str, str]:
    """Names of the organization's fields, by the path of their values in a customer; one query."""
    fields = FieldDefinition.objects.values_list("pk", "name")
    return {f"field_values.{pk}": name for pk, name in fields}


def actor_label(actor: str) -> str:
    """`staff:asha` as "asha (staff)"."""
    kind, colon, name = actor.partition(":")
    return f"{name} ({kind})" if colon else actor


def source_label(source: str) -> str:
    """The interface of a change: API, import, back office or command."""
    return source if source == AuditEntry.Source.API else source.replace("_", " ").lower()


def change_rows(entry: AuditEntry, names: Mapping[str, str]) -> list[ChangeRow]:
    """Old and new value of each change of the entry; values nested in an object are listed one by one."""
    changes: list[ChangeRow] = []
    shows_texts = _shows_texts(entry)
    labels = _choice_labels().get(entry.object_type, {})
    for name in dict.fromkeys([*entry.old, *entry.new]):
        old, new = (_label_of(values.get(name), labels.get(name, {})) for values in (entry.old, entry.new))
        if isinstance(old, dict) or isinstance(new, dict):
            before, after = (value if isinstance(value, dict) else {} for value in (old, new))
            changes += [
                ChangeRow(
                    names.get(f"{name}.{key}", key),
                    *(value_label(_shown(each.get(key), shows_it=shows_texts)) for each in (before, after)),
                )
                for key in dict.fromkeys([*before, *after])
                if before.get(key) != after.get(key)
            ]
        else:
            shows_it = shows_texts or name in _SHOWN_TO_ALL or name in labels
            shown = (value_label(_shown(value, shows_it=shows_it)) for value in (old, new))
            changes.append(ChangeRow(names.get(name, name.replace("_", " ")), *shown))
    return changes


def _shows_texts(entry: AuditEntry) -> bool:
    """False if the entry is about a person whose data the current user sees masked."""
    return not _is_about_person(entry.object_type) or sees_person(_person_of(entry))


@cache
def _is_about_person(object_type: str) -> bool:
    """True for customers, and for rows that belong to one."""
    named = [model for model in apps.get_models() if model._meta.model_name == object_type]
    related = {field.related_model for model in named for field in model._meta.concrete_fields} | set(named)
    return any(model is not None and model._meta.model_name == _PERSON for model in related)


def _person_of(entry: AuditEntry) -> int | None:
    """The id of the customer that the entry is about, if it names one."""
    named = entry.object_id if entry.object_type == _PERSON else entry.new.get(_PERSON, entry.old.get(_PERSON))
    return named if isinstance(named, int) else None


def _shown(value: Any, *, shows_it: bool) -> Any:
    """The value, or for who may not see personal data that there is one. Yes, no and moments with a time of day stay."""
    if shows_it or value in (None, "", [], {}) or isinstance(value, bool):
        return value
    return value if isinstance(value, str) and "T" in value and _moment(value) else HIDDEN


def shown_context(entry: AuditEntry) -> Any:
    """The context of the call, or that it is hidden."""
    return _shown(entry.context, shows_it=_shows_texts(entry))


@cache
def _choice_labels() -> Mapping[str, Mapping[str, Mapping[Any, str]]]:
    """Labels of the values of columns with choices, by the kind of object and the column."""
    return {
        str(model._meta.model_name): {
            field.name: {value: str(label) for value, label in field.flatchoices}
            for field in model._meta.concrete_fields
            if field.choices
        }
        for model in apps.get_models()
    }


def _label_of(value: Any, labels: Mapping[Any, str]) -> Any:
    return labels.get(value, value) if isinstance(value, str) else value


def value_label(value: Any) -> str:
    """A JSON value in words: yes and no, lists with commas, moments in the time zone of the page."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(value_label, value))
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
