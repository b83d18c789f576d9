"""`manage.py import_cards --organization CODE FILE` (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from customers.cards.models import Card
from customers.cards.services import CardInput, find_series, save_cards
from customers.lookup.resolve import resolve_rows
from customers.profile.text import is_plain
from loyalty_project import clock
from loyalty_project.imports.batches import Values, Worker
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.moments import read_moment
from loyalty_project.protocol.values import text
from organizations.audit.actors import Actor
from organizations.card_series.models import CardSeries
from organizations.imports.command import ImportCommand
from organizations.tenancy.models import Organization

_REQUIRED: Final = ("series", "card_number")
_KNOWN: Final = dict.fromkeys((*IDENTIFIERS, *_REQUIRED, "card_external_id", "status", "expiry_date"), "")
_STATUSES: Final = {"", *Card.Status.values}
_NUMBER_LENGTH: Final = 50
_EXTERNAL_ID_LENGTH: Final = 100
# Two concurrent imports may insert the same card.
_CONSTRAINTS: Final = {"card_number_unique": Code.INVALID_INPUT, "card_external_id_unique": Code.INVALID_INPUT}


class Command(ImportCommand):
    """Import the cards of a file, issued or not."""

    name = "import_cards"
    help = "Imports cards, issued or not, from a CSV file: docs/imports.md."

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - none matter
        """A worker for these columns. Raises `ColumnsError`."""
        check_columns(columns, known=_KNOWN, required=_REQUIRED, any_of=())
        return Worker(work=CardBatch(by).work, constraints=_CONSTRAINTS, fallback=Code.UPDATE_FAILED)


@dataclass(frozen=True, slots=True)
class CardBatch:
    """Worker of a cards file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        customers = resolve_rows(rows, organization=organization, policy=organization.policy)
        series = find_series({text(row, "series") for row in rows})
        inputs = [_read(row, customer, series, organization) for row, customer in zip(rows, customers, strict=True)]
        return work_sound(inputs, partial(save_cards, now=clock.now(), by=self.by))


def _read(
    row: Values, customer: int | LoyaltyError, known: Mapping[str, CardSeries], organization: Organization
) -> CardInput | LoyaltyError:
    """The card of a row. Without an identifier the card is not issued."""
    if isinstance(customer, LoyaltyError) and customer.code != Code.IDENTIFIER_MISSING:
        return customer
    series, number = known.get(text(row, "series")), text(row, "card_number")
    external_id, status = text(row, "card_external_id"), text(row, "status").upper()
    try:
        expires_on = _read_day(text(row, "expiry_date"), organization)
    except ValueError:
        return LoyaltyError(Code.INVALID_INPUT)
    is_sound = is_plain(number, _NUMBER_LENGTH) and is_plain(external_id, _EXTERNAL_ID_LENGTH) and status in _STATUSES
    if series is None or not number or not is_sound:
        return LoyaltyError(Code.INVALID_INPUT)
    return CardInput(
        number=number,
        series=series,
        customer_id=None if isinstance(customer, LoyaltyError) else customer,
        external_id=external_id,
        status=status,
        expires_on=expires_on,
    )


def _read_day(given: str, organization: Organization) -> date | None:
    """The day given, None if blank. Raises `ValueError` if it cannot be read."""
    if not given:
        return None
    moment = read_moment(given, organization.zone)
    if moment is None:
        raise ValueError(given)
    return moment.astimezone(organization.zone).date()
