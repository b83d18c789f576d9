"""`manage.py import_cards --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from customers.cards.models import Card
from customers.cards.services import CardInput, find_series, save_cards
from customers.lookup.resolve import resolve_rows
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values, choice_cell, code_cell, day_cell, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.plain_text import is_plain
from loyalty_project.protocol.values import text
from organizations.audit.actors import Actor
from organizations.card_series.models import CardSeries
from organizations.imports.command import ImportCommand
from organizations.tenancy.models import Organization

_REQUIRED: Final = ("series", "card_number")
_KNOWN: Final = dict.fromkeys((*IDENTIFIERS, *_REQUIRED, "card_external_id", "status", "expiry_date"), "")
_NUMBER_LENGTH: Final = 50
_EXTERNAL_ID_LENGTH: Final = 100
_CODES: Final = (*IDENTIFIERS, "card_number", "card_external_id")
# Two concurrent imports may insert the same card.
_CONSTRAINTS: Final = {"card_number_unique": Code.INVALID_INPUT, "card_external_id_unique": Code.INVALID_INPUT}


class Command(ImportCommand):
    """Import the cards of a file, issued or not."""

    name = "import_cards"
    help = "Imports cards, issued or not, from a CSV file: docs/imports.md."
    about = "Cards, with or without a customer"
    moves_points = False

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - none matter
        """A worker for these columns. Raises `ColumnsError`."""
        check_columns(columns, known=_KNOWN, required=_REQUIRED, any_of=())
        return Worker(work=CardBatch(by).work, constraints=_CONSTRAINTS, fallback=Code.UPDATE_FAILED, codes=_CODES)


@dataclass(frozen=True, slots=True)
class CardBatch:
    """Worker of a cards file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        customers = resolve_rows(rows, organization=organization)
        series = find_series({text(row, "series") for row in rows})
        inputs = [_read(row, customer, series, organization) for row, customer in zip(rows, customers, strict=True)]
        return work_sound(inputs, partial(save_cards, now=clock.now(), by=self.by))


def _read(
    row: Values, customer: int | LoyaltyError, known: Mapping[str, CardSeries], organization: Organization
) -> CardInput | LoyaltyError:
    """The card of a row. Without an identifier the card is not issued."""
    if isinstance(customer, LoyaltyError) and customer.code != Code.IDENTIFIER_MISSING:
        return customer
    try:
        series = known.get(text_cell(row, "series", is_required=True))
        if series is None:
            return refusal(row, "series", "is not an active card series of the organization")
        return CardInput(
            number=_code(row, "card_number", _NUMBER_LENGTH, is_required=True),
            series=series,
            customer_id=None if isinstance(customer, LoyaltyError) else customer,
            external_id=_code(row, "card_external_id", _EXTERNAL_ID_LENGTH),
            status=choice_cell(row, "status", Card.Status.values),
            expires_on=day_cell(row, "expiry_date", organization.zone),
        )
    except LoyaltyError as error:
        return error


def _code(row: Values, column: str, length: int, *, is_required: bool = False) -> str:
    code = code_cell(row, column, most=length, is_required=is_required)
    if not is_plain(code, length):
        raise refusal(row, column, "has a control character")
    return code
