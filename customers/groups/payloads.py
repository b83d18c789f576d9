"""Printed user groups."""

from customers.groups.models import GroupMembership


def user_group(row: GroupMembership, primary: int | None) -> dict[str, str]:
    """One group of `user_groups2`; `primary` is its primary member's id, "" without one (docs/protocol.md 4.5)."""
    return {
        "id": str(row.group_id),
        "external_id": row.group.external_id,
        "name": row.group.name,
        "role": row.role,
        "primary_user_id": "" if primary is None else str(primary),
    }
