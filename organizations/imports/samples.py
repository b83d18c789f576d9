"""Sample files: the header that a kind of file has, and two rows of invented people."""

from typing import Final

from loyalty_project.imports.columns import IDENTIFIERS, FileColumns
from loyalty_project.imports.rejects import csv_line

# Columns whose values are explained in docs/imports.md and that few files need.
_LEFT_OUT: Final = frozenset({"id", "fraud_status", "test_control_status", "ndnc_status", "return_of", "return_type", "type"})
_MOST_COLUMNS: Final = 16
# Two cells of each column. Numbers of North America from 555-0100 on belong to nobody.
_CELLS: Final = {
    "mobile": ("19025550111", "19025550112"),
    "email": ("nora.sample@example.com", "rory.sample@example.com"),
    "external_id": ("SAMPLE-1", "SAMPLE-2"),
    "firstname": ("Nora", "Rory"),
    "lastname": ("Sample", "Sample"),
    "registered_on": ("2026-01-15 10:30:00", "2026-02-20"),
    "email_bulk": ("1", "0"),
    "number": ("1001", "1002"),
    "billing_time": ("2026-03-01 12:15:00", "2026-03-02 16:40:00"),
    "amount": ("59.90", "120.00"),
    "gross_amount": ("59.90", "125.00"),
    "discount": ("0", "5.00"),
    "points": ("60", "120"),
    "kind": ("AWARD", "ADJUST"),
    "occurred_at": ("2026-03-01 12:15:00", "2026-03-02 16:40:00"),
    "reference": ("OLD-1001", "OLD-1002"),
    "item_sku": ("MUG-BLUE", "SCARF-RED"),
    "description": ("Blue mug", "Red scarf"),
    "quantity": ("2", "1"),
    "rate": ("29.95", "120.00"),
    "date": ("2026-03-01", "2026-03-02"),
    "created_date": ("2026-03-01", "2026-03-02"),
    "created_on": ("2026-03-01 09:00:00", "2026-03-02 09:00:00"),
    "subject": ("A question", "A missing parcel"),
    "message": ("When do you open?", "It has not arrived."),
    "network": ("facebook", "twitter"),
    "time": ("2026-03-01 12:15:00", "2026-03-02 16:40:00"),
    "role": ("PRIMARY", "MEMBER"),
    "channel": ("EMAIL", "EMAIL"),
    "identifier": ("friend.one@example.com", "friend.two@example.com"),
    "price": ("29.95", "120.00"),
    "score": ("0.9", "0.5"),
    "since": ("2026-03-01", "2026-03-02"),
}


def sample_file(columns: FileColumns) -> str:
    """A sample as CSV: all required columns, the identifiers, and further ones; cells that only users know are blank."""
    further = [column for column in columns.known if column not in _LEFT_OUT and column not in columns.required]
    optional = [column for column in further if column not in IDENTIFIERS]
    identifiers = [column for column in IDENTIFIERS if column in further]
    header = [*identifiers, *columns.required, *optional][:_MOST_COLUMNS]
    rows = ([_CELLS.get(column, ("", ""))[number] for column in header] for number in range(2))
    return "".join(f"{csv_line(row)}\r\n" for row in (header, *rows))
