"""Printed user groups."""

from collections.abc import Sequence
from typing import Any


def user_group(row: Sequence[Any]) -> dict[str, str]:
    """One group of `user_groups2` from id, external id, name, the customer's role, and the id of the primary member.

    Without a primary member its id is "" (docs/protocol.md 4.5).
    """
    pk, external_id, name, role, primary = row
    return {
        "id": str(pk),
        "external_id": external_id,
        "name": name,
        "role": role,
        "primary_user_id": "" if primary is None else str(primary),
    }
