"""Section `customer_statuses` of the organization file. A label is matched by status and name."""

from typing import Any, Final

from customers.statuses.models import CustomerStatus
from organizations.organization_file.common_keys import ACTIVE
from organizations.organization_file.rows import RowChanges, Table, WantedRow
from organizations.organization_file.schema import ListOf, OneOf, Struct, Text, optional, required
from organizations.organization_file.sections import Document, Section, list_rows
from organizations.tenancy.models import Organization

CUSTOMER_STATUS: Final = Struct(
    {
        "status": required(OneOf(*CustomerStatus.Status.values)),
        "label": required(Text(100)),
        "blocks": optional(ListOf(OneOf(*CustomerStatus.Block.values), unique=True), []),
        "active": ACTIVE,
    }
)
STATUS_TABLE: Final = Table(
    model=CustomerStatus,
    key_of=lambda row: (row.status, row.label),
    label=lambda row: f"customer status {row.status} {row.label}",
)


def load_statuses(document: Document, rows: RowChanges) -> None:
    """Make status labels equal to the document."""
    rows.apply(STATUS_TABLE, [_status_row(path, status) for path, status in list_rows(document, "customer_statuses")])


def dump_statuses(_organization: Organization) -> list[dict[str, Any]]:
    """Status labels, by status and name."""
    return [
        {"status": status.status, "label": status.label, "blocks": status.blocks, "active": status.is_active}
        for status in CustomerStatus.objects.all()
    ]


CUSTOMER_STATUSES: Final = Section(
    name="customer_statuses",
    schema=optional(ListOf(CUSTOMER_STATUS, key=("status", "label")), []),
    load=load_statuses,
    dump=dump_statuses,
)


def _status_row(path: str, status: dict[str, Any]) -> WantedRow:
    values = {
        "status": status["status"],
        "label": status["label"],
        "blocks": status["blocks"],
        "is_active": status["active"],
    }
    return WantedRow((status["status"], status["label"]), path, values)
