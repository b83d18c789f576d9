"""How do customer statuses come out of the organization file, and back into it? A label is matched by status and name."""

from typing import Any, Final

from customers.statuses.models import CustomerStatus
from organizations.organization_file.checking import Document
from organizations.organization_file.rows import RowChanges, Table, Wanted
from organizations.organization_file.sections import Section

_STATUSES: Final = Table(
    model=CustomerStatus,
    key_of=lambda row: (row.status, row.label),
    told=lambda row: f"customer status {row.status} {row.label}",
    words={"is_active": "active"},
)


def bring_statuses(document: Document, rows: RowChanges) -> None:
    """Make labels what a checked document says (see `sections.Section`). Who has one is none of the file's business."""
    said = enumerate(document["customer_statuses"])
    wanted = [Wanted((one["status"], one["label"]), f"customer_statuses[{number}]", _values(one)) for number, one in said]
    rows.bring(_STATUSES, wanted)


def told_statuses() -> list[dict[str, Any]]:
    """The labels of the scope's organization in the file's words, by status and name."""
    return [
        {"status": one.status, "label": one.label, "blocks": one.blocks, "active": one.is_active}
        for one in CustomerStatus.objects.all()
    ]


CUSTOMER_STATUSES: Final = Section(name="customer_statuses", bring=bring_statuses, tell=told_statuses)


def _values(one: dict[str, Any]) -> dict[str, Any]:
    return {"status": one["status"], "label": one["label"], "blocks": one["blocks"], "is_active": one["active"]}
