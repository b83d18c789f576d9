"""Permissions of roles: the form in which each app declares its own, and their combination."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from organizations.staff.models import StaffMember

Role = StaffMember.Role
Permissions = frozenset[str]


def permissions(app: str, actions: str, nouns: str) -> Permissions:
    """Django's names of every action on every noun; both are separated by blanks."""
    return frozenset(f"{app}.{action}_{noun}" for action in actions.split() for noun in nouns.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPermissions:
    """What each role may do, and `within_stores`: what of it a member limited to stores keeps."""

    by_role: Mapping[str, Permissions]
    within_stores: Permissions

    @classmethod
    def combine(cls, parts: Iterable[Self]) -> Self:
        """The permissions of several apps together."""
        parts = list(parts)
        return cls(
            by_role={role: frozenset[str]().union(*(part.by_role[role] for part in parts)) for role in Role.values},
            within_stores=frozenset[str]().union(*(part.within_stores for part in parts)),
        )
