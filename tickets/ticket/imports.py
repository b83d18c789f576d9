"""Tickets from files (docs/imports.md)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, CharField, Q

from customers.profile.field_cells import check_field_cell, is_strict
from customers.profile.locks import lock_customers
from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, insert_with_ids, update_rows
from loyalty_project.imports.cells import Values, code_cell, moment_cell, reason, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowResult, RowStatus, refused
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.plain_text import one_line, visible
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries
from organizations.fields.models import FieldDefinition
from tickets.choices.catalog import Kind, TicketChoices
from tickets.ticket.drawing import ALPHABET, draw_codes
from tickets.ticket.fields import TicketFields
from tickets.ticket.models import CODE_LENGTH, LONGEST_SUBJECT, LONGEST_TEXT, Ticket
from tickets.ticket.rules import WRITTEN, TicketInput, change, fill, subject_key
from tickets.ticket.services import NOUN, opening_of
from tickets.webhook_events import CHANGED, OPENED, announce_tickets

COLUMNS: Final = (
    *IDENTIFIERS, "subject", "message", "status", "priority", "department", "type", "reported_from", "code", "created_on",
)  # fmt: skip
CODES: Final = (*IDENTIFIERS, "code")
FREE_TEXT: Final = ("message", "subject")
_PREFIX: Final = "custom."
_MOST_AHEAD: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """A ticket as a file has it; "" and None: not supplied."""

    customer_id: int
    given: TicketInput
    code: str
    created_at: datetime | None
    notices: Sequence[Notice] = ()

    @property
    def subject_folded(self) -> str:
        """The subject as it is compared."""
        return subject_key(self.given.subject)


def read_ticket_columns(columns: Sequence[str], fields: TicketFields) -> Mapping[str, FieldDefinition]:
    """The field of each column `custom.<name>`. Raises `ColumnsError` for other unknown columns, and for missing ones."""
    known = dict.fromkeys(COLUMNS, "")
    definitions: dict[str, FieldDefinition] = {}
    first: dict[int, str] = {}
    for column in columns:
        definition = fields.named(column.removeprefix(_PREFIX)) if column.startswith(_PREFIX) else None
        if definition is not None:
            definitions[column] = definition
            # Case is ignored, so that two columns may name the same field.
            same = first.setdefault(definition.pk, column)
            known[column] = "" if same == column else f"the same field as {same}"
    check_columns(columns, known=known, required=("subject",))
    return definitions


def read_ticket_row(
    row: Values,
    *,
    customer_id: int,
    zone: ZoneInfo,
    choices: TicketChoices,
    fields: TicketFields,
    columns: Mapping[str, FieldDefinition],
    now: datetime,
) -> TicketRow:
    """The ticket of a row.

    Raises `LoyaltyError` 1303 for a blank subject, 1302 for a word that is not in use, 400 for what is malformed. Values of
    fields that cannot be stored become warnings.
    """
    subject = one_line(text_cell(row, "subject", most=LONGEST_SUBJECT))
    if not subject_key(subject):
        raise LoyaltyError(Code.TICKET_SUBJECT_BLANK, detail="subject: it is blank, but every row needs it")
    for column, definition in columns.items():
        if is_strict(definition):
            check_field_cell(row, column, definition)
    created_at = moment_cell(row, "created_on", zone)
    if created_at is not None and created_at > now + _MOST_AHEAD:
        raise refusal(row, "created_on", "is more than a day ahead")
    notices: list[Notice] = []
    values = fields.read([(definition.name, text_cell(row, column)) for column, definition in columns.items()], notices)
    given = TicketInput(
        subject=subject,
        message=visible(text_cell(row, "message", most=LONGEST_TEXT)).strip(),
        status=_own_word(row, "status", Kind.STATUS, choices),
        priority=_own_word(row, "priority", Kind.PRIORITY, choices),
        department=_own_word(row, "department", Kind.DEPARTMENT, choices),
        type=_word(row, "type", Ticket.Type.values),
        reported_from=_word(row, "reported_from", Ticket.Source.values),
        field_values=values,
    )
    return TicketRow(customer_id=customer_id, given=given, code=_code(row), created_at=created_at, notices=notices)


def _own_word(row: Values, column: str, kind: str, choices: TicketChoices) -> str:
    text = text_cell(row, column)
    word = choices.named(kind, text) if text else ""
    if word is None:
        raise refusal(row, column, f"is not one of {', '.join(choices.words[kind])}", code=Code.TICKET_FAILED)
    return word


def _word(row: Values, column: str, words: Sequence[str]) -> str:
    word = text_cell(row, column).upper()
    if word and word not in words:
        raise refusal(row, column, f"is not one of {', '.join(words)}", code=Code.TICKET_FAILED)
    return word


def _code(row: Values) -> str:
    code = code_cell(row, "code").lower()
    if code and (len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET)):
        raise refusal(row, "code", f"is not a ticket's code; write {CODE_LENGTH} letters and digits")
    return code


def import_tickets(rows: Sequence[TicketRow], *, choices: TicketChoices, by: Actor) -> list[RowResult]:
    """Bring tickets to what the rows say, the earliest first; a result for each row, in the order given.

    A row is found by its code, else by customer, subject and `created_at`; without `created_at` it is the customer's open
    ticket of the subject, else the latest. Tickets of customers who were merged into the row's customer are found too. 1301:
    another open ticket of the subject; 1302: a code of another customer's ticket. Locks the customers, then the tickets. A
    constant number of statements; call it in a transaction.
    """
    batch = _Batch(rows, choices=choices, by=by)
    results: dict[int, RowResult] = {}
    for index in sorted(range(len(rows)), key=lambda index: rows[index].created_at or batch.now):
        row = rows[index]
        try:
            status = batch.work(row)
            results[index] = RowResult(status, warnings=row.notices)
        except LoyaltyError as error:
            results[index] = refused(error)
    batch.write()
    return [results[index] for index in range(len(rows))]


@dataclass(slots=True)
class _Known:
    """The tickets of the batch's customers (the survivor's id), and those of its codes, new ones included."""

    by_code: dict[str, tuple[int, Ticket]] = field(default_factory=dict)
    by_subject: defaultdict[tuple[int, str], list[Ticket]] = field(default_factory=lambda: defaultdict(list))

    def add(self, ticket: Ticket, owner: int) -> None:
        """Add a ticket that belongs to this customer."""
        self.by_code[ticket.code] = owner, ticket
        self.by_subject[owner, ticket.subject_folded].append(ticket)

    def open_one(self, customer_id: int, subject_folded: str) -> Ticket | None:
        """The customer's own open ticket of a subject."""
        same = self.by_subject[customer_id, subject_folded]
        own = (ticket for ticket in same if ticket.is_open and ticket.customer_id == customer_id)
        return next((ticket for ticket in own if ticket.subject_folded == subject_folded), None)


class _Batch:
    """The tickets of some rows, in memory, and what is to be written."""

    def __init__(self, rows: Sequence[TicketRow], *, choices: TicketChoices, by: Actor) -> None:
        self.choices, self.by, self.now = choices, by, clock.now()
        customers = {row.customer_id for row in rows}
        lock_customers(customers)
        self.known = _Known()
        for ticket in _tickets_of(customers, {row.code for row in rows if row.code}):
            self.known.add(ticket, ticket.customer.merged_into_id or ticket.customer_id)
        self.free = draw_codes(sum(not row.code for row in rows))
        self.added: list[Ticket] = []
        self.changed: dict[int, Ticket] = {}
        self.changes: list[Change] = []

    def work(self, row: TicketRow) -> RowStatus:
        """Bring one row; what it changes is written later. Raises `LoyaltyError` and leaves everything as it was."""
        ticket = self._find(row)
        return self._add(row) if ticket is None else self._update(ticket, row)

    def _find(self, row: TicketRow) -> Ticket | None:
        if row.code:
            owner, ticket = self.known.by_code.get(row.code, (row.customer_id, None))
            if owner != row.customer_id:
                problem = "is the code of another customer's ticket"
                raise LoyaltyError(Code.TICKET_FAILED, detail=reason("code", row.code, problem))
            return ticket
        same = self.known.by_subject[row.customer_id, row.subject_folded]
        if row.created_at is not None:
            return next((ticket for ticket in same if ticket.created_at == row.created_at), None)
        open_one = self.known.open_one(row.customer_id, row.subject_folded)
        return open_one or max(same, key=lambda ticket: ticket.created_at, default=None)

    def _add(self, row: TicketRow) -> RowStatus:
        ticket = Ticket(
            organization=self.by.organization,
            customer_id=row.customer_id,
            code=row.code or self.free.pop(),
            created_at=row.created_at or self.now,
            recorded_at=self.now,
            made_by=self.by.name,
        )
        fill(ticket, row.given, choices=self.choices)
        self._check_subject(ticket, row)
        self.known.add(ticket, row.customer_id)
        self.added.append(ticket)
        return RowStatus.CREATED

    def _update(self, ticket: Ticket, row: TicketRow) -> RowStatus:
        if row.created_at is not None and row.created_at != ticket.created_at:
            written = f"{row.created_at.astimezone(self.by.organization.zone):%F %T}"
            problem = "is another time than that of the stored ticket"
            raise LoyaltyError(Code.INVALID_INPUT, detail=reason("created_on", written, problem))
        before = {name: getattr(ticket, name) for name in WRITTEN}
        # The same subject in other letters is no change.
        given = replace(row.given, subject="") if row.subject_folded == ticket.subject_folded else row.given
        difference = change(ticket, given, choices=self.choices, now=self.now)
        if difference is None:
            return RowStatus.UNCHANGED
        try:
            self._check_subject(ticket, row)
        except LoyaltyError:
            for name, value in before.items():
                setattr(ticket, name, value)
            raise
        self.known.add(ticket, row.customer_id)
        if ticket.pk is not None:
            self.changed[ticket.pk] = ticket
            self.changes.append(
                Change(
                    action=difference.action,
                    object_type=NOUN,
                    object_id=ticket.pk,
                    old=difference.old,
                    new=difference.new,
                )
            )
        return RowStatus.UPDATED

    def _check_subject(self, ticket: Ticket, row: TicketRow) -> None:
        """Raise `LoyaltyError` 1301 if the customer has another open ticket of the subject."""
        other = self.known.open_one(row.customer_id, ticket.subject_folded) if ticket.is_open else None
        if other is not None and other is not ticket:
            problem = f"is the subject of the customer's open ticket {other.code}"
            raise LoyaltyError(Code.TICKET_SUBJECT_EXISTS, detail=reason("subject", ticket.subject, problem))

    def write(self) -> None:
        """Write tickets and their history: a constant number of statements."""
        # A ticket may be closed by one row and another of its subject opened by the next.
        update_rows(list(self.changed.values()), WRITTEN)
        insert_with_ids(self.added)
        insert_rows(audit_entries([*map(opening_of, self.added), *self.changes], by=self.by))
        announce_tickets(OPENED, self.added, organization=self.by.organization)
        announce_tickets(CHANGED, list(self.changed.values()), organization=self.by.organization)


def _tickets_of(customers: set[int], codes: set[str]) -> list[Ticket]:
    """The tickets of these customers and of those merged into them, and those of these codes, locked: one query."""
    if not customers:
        return []
    ids = BigIntegerField()
    rows = Ticket.objects.filter(
        Q(is_any_of("customer", customers, ids))
        | Q(is_any_of("customer__merged_into", customers, ids))
        | Q(is_any_of("code", codes, CharField()))
    )
    return list(lock(rows.select_related("customer")))
