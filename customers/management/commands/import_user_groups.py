"""`manage.py import_user_groups --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from customers.groups.models import GroupMembership, UserGroup
from customers.groups.services import MembershipInput, find_groups, join_groups
from customers.lookup.resolve import NamedCustomer, resolve_named
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values, choice_cell, refusal
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import text
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand

_CODES: Final = (*IDENTIFIERS, "group")
# Code of the constraint behind the locks.
_CONSTRAINTS: Final = {"group_membership_one_primary": Code.INVALID_INPUT}


class Command(ImportCommand):
    """Add the customers of a file to user groups."""

    name = "import_user_groups"
    help = "Imports who is in which user group, from a CSV file: docs/imports.md."
    about = "Who is in which user group"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - none matter
        """A worker for these columns. Raises `ColumnsError`."""
        check_columns(columns, known=dict.fromkeys((*IDENTIFIERS, "group", "role"), ""), required=("group",))
        return Worker(work=GroupBatch(by).work, constraints=_CONSTRAINTS, fallback=Code.UPDATE_FAILED, codes=_CODES)


@dataclass(frozen=True, slots=True)
class GroupBatch:
    """Worker of a user groups file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        customers = resolve_named(rows, organization=organization)
        groups = find_groups({text(row, "group") for row in rows})
        memberships = [_read(row, customer, groups) for row, customer in zip(rows, customers, strict=True)]
        return work_sound(memberships, partial(join_groups, by=self.by))


def _read(
    row: Values, customer: NamedCustomer | LoyaltyError, groups: Mapping[str, UserGroup]
) -> MembershipInput | LoyaltyError:
    if isinstance(customer, LoyaltyError):
        return customer
    group = groups.get(text(row, "group"))
    if group is None:
        return refusal(row, "group", "is not the external id of an active group")
    try:
        role = choice_cell(row, "role", GroupMembership.Role.values)
    except LoyaltyError as error:
        return error
    return MembershipInput(customer.customer_id, group, role, names_merged=customer.is_merged)
