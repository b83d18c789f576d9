"""Reach of a member of staff: the permissions, and the stores whose customers and rows the member sees.

The pages of the back office resolve rows within the reach. Services get it with the actor, and check it where an action implies
another one: a merge by an approval. `current_reach` is that of the request, for names and links that a page prints.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache, reduce
from operator import or_
from typing import Final, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet

from organizations.staff.log_in import own_store_ids, permissions_of
from organizations.staff.models import StaffMember
from organizations.staff.permissions import Permissions

Row = TypeVar("Row", bound=Model)
# See the personal data of every customer in sight; of one at a time, for a reason that the audit keeps.
VIEW_PERMISSION: Final = "organizations.view_personal_data"
REVEAL_PERMISSION: Final = "organizations.reveal_personal_data"


class OutOfReachError(PermissionDenied):
    """A member of staff would do what the role or the stores do not allow. Nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffReach:
    """What a member of staff may do and see. `stores` are ids, empty for every store; `is_operator` has every permission.

    `revealed` are the ids of customers whose personal data the session shows for some minutes.
    """

    permissions: Permissions = frozenset()
    stores: frozenset[int] = frozenset()
    is_operator: bool = False
    revealed: frozenset[int] = frozenset()

    def may(self, permission: str) -> bool:
        """True if the member has the permission (`app.codename`)."""
        return self.is_operator or permission in self.permissions

    def covers(self, store_id: int | None) -> bool:
        """True if the member sees what belongs to this store (None: to no store)."""
        return not self.stores or store_id in self.stores

    @property
    def sees_everyone(self) -> bool:
        """True if the member sees the personal data of every customer in sight."""
        return self.may(VIEW_PERMISSION)

    def sees_person(self, customer_id: int | None) -> bool:
        """True if the member sees the personal data of this customer (None: of a person who is no customer)."""
        return self.sees_everyone or (customer_id in self.revealed and self.may(REVEAL_PERMISSION))


def in_stores(rows: QuerySet[Row], stores: frozenset[int], *paths: str) -> QuerySet[Row]:
    """The rows of which a path leads to one of the stores (ids); all rows for no stores, which stand for every one."""
    return rows.filter(reduce(or_, (Q(**{f"{path}__in": stores}) for path in paths))) if stores else rows


UNLIMITED: Final = StaffReach(is_operator=True)
_current: ContextVar[Callable[[], StaffReach]] = ContextVar("staff_reach", default=lambda: UNLIMITED)


def reach_of(member: StaffMember) -> StaffReach:
    """The reach of a member of staff, or of an operator. One query a request, none for operators."""
    if member.is_superuser:
        return UNLIMITED if member.is_active else StaffReach()
    return StaffReach(permissions=permissions_of(member), stores=own_store_ids(member))


@contextmanager
def staff_reach(member: StaffMember, *, revealed: Iterable[int] = ()) -> Iterator[None]:
    """Inside: `current_reach` is that of `member`. `revealed` are ids of customers (`StaffReach`)."""
    shown = frozenset(revealed)
    # Pages ask for it with every name that they print.
    token = _current.set(cache(lambda: replace(reach_of(member), revealed=shown)))
    try:
        yield
    finally:
        _current.reset(token)


def current_reach() -> StaffReach:
    """The reach of the current user of the back office; unlimited outside of its pages."""
    return _current.get()()
