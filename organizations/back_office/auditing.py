"""What does the audit tell of a change in the back office? Old and new of what differs, in the organization file's words.

Secrets never appear: that one was set, or changed, is all that is told (`describe_secret`).
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Model

from organizations.audit.services import Change
from organizations.credentials.hashing import PASSWORD_COLUMNS
from organizations.organization_file.rows import plain

# As the organization file, and so the audit of a load, calls them.
WORDS: Final[Mapping[str, str]] = {
    "is_active": "active",
    "generates": "generate",
    "is_mandatory": "mandatory",
    "is_searchable": "searchable",
}
_SECRET: Final = {"password", *PASSWORD_COLUMNS, "secret_hash"}
_NOT_TOLD: Final = {"id", "organization", "last_login", "date_joined", "is_staff", "is_superuser", *_SECRET}
_NO_LINKS: Final = {"groups", "user_permissions"}


def describe_value(row: Model) -> dict[str, Any]:
    """The row as JSON values by name, without secrets and without what nobody sets."""
    fields = {one.name: one for one in row._meta.concrete_fields if one.name not in _NOT_TOLD}
    values = {WORDS.get(name, name): plain(getattr(row, name)) for name in fields}
    links = [one for one in row._meta.many_to_many if one.name not in _NO_LINKS]
    return {**values, **{one.name: sorted(plain(linked) for linked in getattr(row, one.name).all()) for one in links}}


def change_between(row: Model, old: Mapping[str, Any] | None) -> Change | None:
    """What became of `row` since it was told as `old` (None: it is new); None where nothing differs."""
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
    """That the secret called `word` was set for the first time, or changed."""
    value = "set" if is_new else "changed"
    return Change(action="changed", object_type=str(row._meta.model_name), object_id=row.pk, new={word: value})
