"""Interactions of import files: which interaction a row is, and what it changes (docs/imports.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, DateTimeField

from customers.profile.locks import lock_customers
from engagement.interactions.models import Contact, Interaction, Notification
from engagement.interactions.rules import (
    CHECK_IN,
    FEEDS,
    HIGHEST_SCORE,
    LONGEST_ADDRESS,
    LONGEST_NAME,
    LONGEST_URL,
    LOWEST_SCORE,
    NETWORKS,
    SURVEY,
    TYPES,
)
from loyalty_project import clock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.cells import Values, code_cell, moment_cell, number_cell, refusal, required, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowStatus
from organizations.audit.actors import Actor

REQUIRED: Final = ("network", "type", "time")
# Columns that only one type has.
_OF_TYPES: Final = {
    **dict.fromkeys(("latitude", "longitude"), CHECK_IN),
    **dict.fromkeys(("survey_name", "nps_score", "sent_by", "response_url", "completion_time"), SURVEY),
}
COLUMNS: Final = (*IDENTIFIERS, *REQUIRED, "sender", "receiver", "subject", "status", "delivered_time", *_OF_TYPES)
FREE_TEXT: Final = ("subject", "response_url")
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "sender", "receiver")
CONSTRAINTS: Final = ("interaction_unique", "notification_unique")
_MOST_AHEAD: Final = timedelta(days=1)
_DECIMALS: Final = Decimal("0.0000001")
_MESSAGE: Final = ("subject", "status", "delivered_at")
_DETAILS: Final = (
    *_MESSAGE, "latitude", "longitude", "survey_name", "nps_score", "sent_by", "response_url", "completed_at",
)  # fmt: skip

Identity = tuple[int, str, str, datetime, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """An interaction as a file has it. `details` are the columns that are filled, besides those of the identity."""

    customer_id: int
    network: str
    type: str
    occurred_at: datetime
    sender: str
    receiver: str
    details: dict[str, Any]

    @property
    def identity(self) -> Identity:
        """What makes two rows the same interaction."""
        return self.customer_id, self.network, self.type, self.occurred_at, self.sender, self.receiver


def check_interaction_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=REQUIRED)


def read_interaction_row(row: Values, *, customer_id: int, zone: ZoneInfo, now: datetime) -> FileRow:
    """The interaction of a row. Raises `LoyaltyError` 400 for cells that are malformed or belong to another type."""
    network = _word(row, "network", (*NETWORKS, *FEEDS))
    kind = _word(row, "type", TYPES)
    occurred_at = required(moment_cell(row, "time", zone, is_required=True))
    if occurred_at > now + _MOST_AHEAD:
        raise refusal(row, "time", "is more than a day ahead")
    for column, only in _OF_TYPES.items():
        if kind != only and text_cell(row, column):
            raise refusal(row, column, f"does not go with the type {kind}")
    latitude, longitude = _degrees(row, "latitude", 90), _degrees(row, "longitude", 180)
    if (latitude is None) != (longitude is None):
        raise refusal(row, "latitude" if latitude is None else "longitude", "does not go without the other coordinate")
    details = {
        "subject": text_cell(row, "subject", most=LONGEST_ADDRESS),
        "status": text_cell(row, "status", most=LONGEST_NAME),
        "delivered_at": moment_cell(row, "delivered_time", zone),
        "latitude": latitude,
        "longitude": longitude,
        "survey_name": text_cell(row, "survey_name", most=LONGEST_NAME),
        "nps_score": _score(row),
        "sent_by": text_cell(row, "sent_by", most=LONGEST_NAME),
        "response_url": text_cell(row, "response_url", most=LONGEST_URL),
        "completed_at": moment_cell(row, "completion_time", zone),
    }
    return FileRow(
        customer_id=customer_id,
        network=network,
        type=kind,
        occurred_at=occurred_at,
        sender=code_cell(row, "sender", most=LONGEST_ADDRESS),
        receiver=code_cell(row, "receiver", most=LONGEST_ADDRESS),
        details={name: value for name, value in details.items() if value not in ("", None)},
    )


def _word(row: Values, column: str, words: Sequence[str]) -> str:
    word = text_cell(row, column, is_required=True).lower()
    if word not in words:
        raise refusal(row, column, f"is not one of {', '.join(words)}")
    return word


def _degrees(row: Values, column: str, most: int) -> Decimal | None:
    """A coordinate, rounded to seven decimals: a centimetre."""
    number = number_cell(row, column, most=Decimal(most))
    return None if number is None else number.quantize(_DECIMALS, rounding=ROUND_HALF_EVEN)


def _score(row: Values) -> int | None:
    number = number_cell(row, "nps_score", most=Decimal(HIGHEST_SCORE), decimals=0)
    if number is not None and number < LOWEST_SCORE:
        raise refusal(row, "nps_score", f"is below {LOWEST_SCORE}")
    return None if number is None else int(number)


def import_interactions(rows: Sequence[FileRow], *, by: Actor) -> list[RowStatus]:
    """Bring interactions, and notifications of feeds, to what the rows say; a status for each, later rows see earlier ones.

    Filled cells change the interaction that the row is; blank ones do not. Locks the customers. At most seven statements;
    the unique constraints `CONSTRAINTS` are underneath.
    """
    lock_customers({row.customer_id for row in rows})
    batch = _Batch(rows, by=by)
    results = [batch.work(row) for row in rows]
    batch.write()
    return results


def _model_of(row: FileRow) -> type[Contact]:
    return Notification if row.network in FEEDS else Interaction


class _Batch:
    """The interactions of some rows in memory, and what is to be written."""

    def __init__(self, rows: Sequence[FileRow], *, by: Actor) -> None:
        self.by, self.now = by, clock.now()
        self.added: dict[type[Contact], list[Contact]] = {Interaction: [], Notification: []}
        self.changed: dict[type[Contact], dict[int, Contact]] = {Interaction: {}, Notification: {}}
        self.known: dict[Identity, Contact] = {}
        for model in (Interaction, Notification):
            self._read(model, [row for row in rows if _model_of(row) is model])

    def _read(self, model: type[Contact], rows: Sequence[FileRow]) -> None:
        """Read the stored interactions that the rows may be: one query, none without rows."""
        if not rows:
            return
        stored = model._default_manager.filter(
            is_any_of("customer", {row.customer_id for row in rows}, BigIntegerField()),
            is_any_of("occurred_at", {row.occurred_at for row in rows}, DateTimeField()),
        )
        self.known.update((_identity_of(contact), contact) for contact in stored)

    def work(self, row: FileRow) -> RowStatus:
        """Bring one row; what it changes is written later."""
        model = _model_of(row)
        contact = self.known.get(row.identity)
        if contact is None:
            contact = self.known[row.identity] = self._new(model, row)
            self.added[model].append(contact)
            return RowStatus.CREATED
        different = {name: value for name, value in row.details.items() if getattr(contact, name) != value}
        if not different:
            return RowStatus.UNCHANGED
        for name, value in different.items():
            setattr(contact, name, value)
        if not contact._state.adding:
            self.changed[model][contact.pk] = contact
        return RowStatus.UPDATED

    def _new(self, model: type[Contact], row: FileRow) -> Contact:
        return model(
            organization=self.by.organization,
            customer_id=row.customer_id,
            network=row.network,
            type=row.type,
            occurred_at=row.occurred_at,
            sender=row.sender,
            receiver=row.receiver,
            recorded_at=self.now,
            **row.details,
        )

    def write(self) -> None:
        """Write new and changed interactions: two statements a table at most."""
        for model, columns in ((Interaction, _DETAILS), (Notification, _MESSAGE)):
            insert_rows(self.added[model])
            update_rows(list(self.changed[model].values()), columns)


def _identity_of(contact: Contact) -> Identity:
    return (
        contact.customer_id,
        contact.network,
        contact.type,
        contact.occurred_at,
        contact.sender,
        contact.receiver,
    )
