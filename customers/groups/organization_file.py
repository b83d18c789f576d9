"""Section `user_groups` of the organization file. A group is matched by its external id; members are not in the file."""

from typing import Any, Final

from customers.groups.models import UserGroup
from organizations.organization_file.common_keys import ACTIVE
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import ListOf, Struct, Text, optional, required
from organizations.organization_file.sections import Document, Section, list_rows
from organizations.tenancy.models import Organization

USER_GROUP: Final = Struct({"external_id": required(Text(100)), "name": required(Text(200)), "active": ACTIVE})
GROUP_TABLE: Final = Table(
    model=UserGroup,
    key_of=lambda row: row.external_id,
    label=lambda row: f"user group {row.external_id}",
)


def load_groups(document: Document, rows: RowChanges) -> None:
    """Make user groups equal to the document."""
    rows.apply(GROUP_TABLE, [_group_row(path, group) for path, group in list_rows(document, "user_groups")])


def dump_groups(_organization: Organization) -> list[dict[str, Any]]:
    """User groups, by external id."""
    return [
        {"external_id": group.external_id, "name": group.name, "active": group.is_active} for group in UserGroup.objects.all()
    ]


USER_GROUPS: Final = Section(
    name="user_groups",
    schema=optional(ListOf(USER_GROUP, key=("external_id",)), []),
    load=load_groups,
    dump=dump_groups,
)


def _group_row(path: str, group: dict[str, Any]) -> WantedRow:
    values = {"external_id": group["external_id"], "name": group["name"], "is_active": group["active"]}
    return WantedRow(group["external_id"], path, values)
