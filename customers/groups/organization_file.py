"""How do user groups come out of the organization file, and back into it? A group is matched by its external id."""

from typing import Any, Final

from customers.groups.models import UserGroup
from organizations.organization_file.checking import Document
from organizations.organization_file.rows import RowChanges, Table, Wanted
from organizations.organization_file.sections import Section

_GROUPS: Final = Table(
    model=UserGroup,
    key_of=lambda row: row.external_id,
    told=lambda row: f"user group {row.external_id}",
    words={"is_active": "active"},
)


def bring_groups(document: Document, rows: RowChanges) -> None:
    """Make user groups what a checked document says (see `sections.Section`). Members are none of the file's business."""
    said = enumerate(document["user_groups"])
    rows.bring(_GROUPS, [Wanted(one["external_id"], f"user_groups[{number}]", _values(one)) for number, one in said])


def told_groups() -> list[dict[str, Any]]:
    """The user groups of the scope's organization in the file's words, by external id."""
    return [{"external_id": one.external_id, "name": one.name, "active": one.is_active} for one in UserGroup.objects.all()]


USER_GROUPS: Final = Section(name="user_groups", bring=bring_groups, tell=told_groups)


def _values(group: dict[str, Any]) -> dict[str, Any]:
    return {"external_id": group["external_id"], "name": group["name"], "is_active": group["active"]}
