"""Audit entries of changes in the back office: old and new values that differ, in the words of the organization file.

Secrets never appear: an entry only states that a secret was set or changed (`describe_secret`).
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Model

from organizations.audit.services import Change
from organizations.back_office.secret_columns import SECRET_COLUMNS
from organizations.organization_file.rows import plain

# The keys of the organization file, which the audit of a load uses as well.
WORDS: Final[Mapping[str, str]] = {
    "is_active": "active",
    "generates": "generate",
    "is_mandatory": "mandatory",
    "is_searchable": "searchable",
}
_NOT_AUDITED: Final = {
    "id",
    "organization",
    "configuration_version",
    "last_login",
    "date_joined",
    "is_staff",
    "is_superuser",
    *SECRET_COLUMNS,
}
_NO_LINKS: Final = {"groups", "user_permissions"}


def describe_value(row: Model) -> dict[str, Any]:
    """The row as JSON values by name, without secrets and columns that nobody sets."""
    names = [field.name for field in row._meta.concrete_fields if field.editable and field.name not in _NOT_AUDITED]
    values = {WORDS.get(name, name): plain(getattr(row, name)) for name in names}
    links = [field.name for field in row._meta.many_to_many if field.name not in _NO_LINKS]
    return {**values, **{name: sorted(plain(linked) for linked in getattr(row, name).all()) for name in links}}


def change_between(row: Model, old: Mapping[str, Any] | None) -> Change | None:
    """The change of `row` since `old`, its earlier description (None: the row is new); None if nothing differs."""
    new = describe_value(row)
    kind = str(row._meta.model_name)
    if old is None:
        return Change(action="created", object_type=kind, object_id=row.pk, new=new)
    different = [name for name in new if new[name] != old[name]]
    if not different:
        return None
    return Change(
        action="changed",
        object_type=kind,
        object_id=row.pk,
        old={name: old[name] for name in different},
        new={name: new[name] for name in different},
    )


def describe_secret(row: Model, word: str, *, is_new: bool) -> Change:
    """The change of a secret called `word`: set for the first time, or changed."""
    value = "set" if is_new else "changed"
    return Change(action="changed", object_type=str(row._meta.model_name), object_id=row.pk, new={word: value})
