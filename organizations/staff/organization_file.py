"""Section `staff` of the organization file."""

from typing import Any, Final

from django.contrib.auth.hashers import check_password, is_password_usable

from organizations.locations.organization_file import STORE_TABLE
from organizations.organization_file.common_keys import ACTIVE, CODES, check_secret, secret_keys
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import check_names, codes_of
from organizations.organization_file.rows import RowChanges, Secret, Table, WantedRow
from organizations.organization_file.schema import ListOf, OneOf, Struct, column_text, optional, required
from organizations.organization_file.sections import Document, InstallationNames, SecretKey, Section, list_rows
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

STAFF: Final = Struct(
    {
        "username": required(column_text(StaffMember, "username")),
        **secret_keys("password"),
        "role": required(OneOf(*StaffMember.Role.values)),
        "stores": optional(CODES, []),
        "active": ACTIVE,
    },
    check_secret("password"),
)
STAFF_TABLE: Final = Table(
    model=StaffMember,
    key_of=lambda row: row.username,
    label=lambda row: f"staff {row.username}",
    secret=Secret(
        key="password",
        attributes=("password",),
        set=lambda member, password: member.set_password(password),
        matches=lambda member, password: check_password(password, member.password),
        is_missing=lambda member: not is_password_usable(member.password) or not member.password,
    ),
)


def check_staff(document: Document, problems: Problems) -> None:
    """Stores of staff exist."""
    stores = codes_of(document, "stores")
    for path, member in list_rows(document, "staff"):
        check_names(member["stores"], stores, "store", f"{path}.stores", problems)


def load_staff(document: Document, rows: RowChanges) -> None:
    """Make staff and their stores equal to the document, after stores."""
    rows.apply(STAFF_TABLE, [_staff_row(path, member) for path, member in list_rows(document, "staff")])
    _load_stores_of_staff(document, rows)


def dump_staff(organization: Organization) -> list[dict[str, Any]]:
    """Members of staff, by user name."""
    members = StaffMember.objects.filter(organization=organization).order_by("username").prefetch_related("stores")
    return [
        {
            "username": member.username,
            "role": member.role,
            "stores": sorted(store.code for store in member.stores.all()),
            "active": member.is_active,
        }
        for member in members
    ]


def _usernames(document: Document) -> InstallationNames:
    paths = {member["username"]: f"{path}.username" for path, member in list_rows(document, "staff")}
    return InstallationNames(StaffMember, "username", paths)


STAFF_SECTION: Final = Section(
    name="staff",
    schema=optional(ListOf(STAFF, key=("username",)), []),
    check=check_staff,
    secrets=lambda document: (SecretKey(path, member, "password") for path, member in list_rows(document, "staff")),
    installation_names=_usernames,
    load=load_staff,
    dump=dump_staff,
)


def _staff_row(path: str, member: dict[str, Any]) -> WantedRow:
    values = {"username": member["username"], "role": member["role"], "is_staff": True, "is_active": member["active"]}
    return WantedRow(member["username"], path, values, member["password"])


def _load_stores_of_staff(document: Document, rows: RowChanges) -> None:
    members, stores = rows.applied(STAFF_TABLE), rows.applied(STORE_TABLE)
    present: dict[int, set[str]] = {}
    links = StaffMember.stores.through._default_manager.filter(staffmember__organization=rows.organization)
    for pk, code in links.values_list("staffmember_id", "store__code"):
        present.setdefault(pk, set()).add(code)
    for path, row in list_rows(document, "staff"):
        member = members[row["username"]]
        old = sorted(present.get(member.pk, ()))
        new = sorted(row["stores"])
        if old != new:
            member.stores.set([stores[code] for code in new])
            rows.record_change(member, path, {"stores": old}, {"stores": new})
