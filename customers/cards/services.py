"""Saving cards as a file states them, issued or not (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import CharField, Q

from customers.cards.models import Card
from customers.profile.locks import lock_customers
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, insert_with_ids, update_rows
from loyalty_project.imports.cells import reason
from loyalty_project.imports.results import RowResult, RowStatus, refused
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.audit.services import Change, audit_entries
from organizations.card_series.models import CardSeries

Status = Card.Status
_ISSUED: Final = {Status.ISSUED, Status.ACTIVE}
_COLUMNS: Final = ("external_id", "customer_id", "status", "issued_on", "expires_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardInput:
    """A card as an import row states it. Blank or None means not supplied: a known card keeps its value."""

    number: str
    series: CardSeries
    customer_id: int | None = None
    external_id: str = ""
    status: str = ""
    expires_on: date | None = None


def find_series(codes: set[str]) -> Mapping[str, CardSeries]:
    """Active card series by code: one query."""
    series = CardSeries.objects.filter(is_any_of("code", codes, CharField()), is_active=True)
    return {row.code: row for row in series}


def save_cards(inputs: Sequence[CardInput], *, now: datetime, by: Actor) -> list[RowResult]:
    """Create or update the cards, in order; a result for each. The number of queries does not grow.

    Rejected (400): a card of another customer or series, an external id of another card, an issued status without a customer,
    "not issued" with one. Call it in a transaction. Raises `django.db.OperationalError` (55P03) if a customer or card is not
    free in time.
    """
    if not inputs:
        return []
    lock_customers(card_input.customer_id for card_input in inputs if card_input.customer_id is not None)
    batch = _open_batch(inputs, now)
    results = [batch.save(card_input) for card_input in inputs]
    batch.write(by=by)
    return results


def _open_batch(inputs: Sequence[CardInput], now: datetime) -> "_CardBatch":
    numbers = {card_input.number for card_input in inputs}
    external_ids = {card_input.external_id for card_input in inputs} - {""}
    # The index covers external ids that are not blank; PostgreSQL uses it only with this condition.
    by_external_id = Q(is_any_of("external_id", external_ids, CharField())) & ~Q(external_id="")
    named = Q(is_any_of("number", numbers, CharField())) | by_external_id
    return _CardBatch(list(lock(Card.objects.filter(named))), now)


class _CardBatch:
    """Unit of work over the cards that one call touches."""

    def __init__(self, cards: Sequence[Card], now: datetime) -> None:
        self.now = now
        self.by_number = {card.number: card for card in cards}
        self.by_external_id = {card.external_id: card for card in cards if card.external_id}
        self.new: list[Card] = []
        self.changed: dict[int, Card] = {}
        self.changes: list[tuple[Card, dict[str, Any], dict[str, Any]]] = []

    def save(self, card_input: CardInput) -> RowResult:
        """Create or update one card."""
        card = self.by_number.get(card_input.number)
        is_new = card is None
        if card is None:
            card = Card(organization_id=card_input.series.organization_id, series=card_input.series, number=card_input.number)
        try:
            values = _values(card, card_input, self.now, self.by_external_id.get(card_input.external_id))
        except LoyaltyError as error:
            return refused(error)
        before = {name: getattr(card, name) for name in _COLUMNS}
        if not is_new and values == before:
            return RowResult(RowStatus.UNCHANGED)
        for name, value in values.items():
            setattr(card, name, value)
        self._keep(card, before, values, is_new=is_new)
        return RowResult(RowStatus.CREATED if is_new else RowStatus.UPDATED)

    def _keep(self, card: Card, before: dict[str, Any], after: dict[str, Any], *, is_new: bool) -> None:
        self.by_number[card.number] = card
        if before["external_id"] != card.external_id:
            self.by_external_id.pop(before["external_id"], None)
            self.by_external_id[card.external_id] = card
        if is_new:
            self.new.append(card)
        elif card.pk is not None:
            self.changed[card.pk] = card
        self.changes.append((card, {} if is_new else before, after))

    def write(self, *, by: Actor) -> None:
        """Write the changes and their audit entries."""
        insert_with_ids(self.new)
        update_rows(list(self.changed.values()), _COLUMNS)
        insert_rows(audit_entries([_change(*change) for change in self.changes], by=by))


def _values(card: Card, card_input: CardInput, now: datetime, holder: Card | None) -> dict[str, Any]:
    """New values of the card's columns. `holder` is the card that has the external id now. Raises `LoyaltyError` 400."""
    if card.series_id != card_input.series.pk:
        raise _refusal("card_number", card.number, "is a card of another series")
    if card_input.customer_id is not None and card.customer_id not in {None, card_input.customer_id}:
        raise _refusal("card_number", card.number, "is a card of another customer")
    if holder is not None and holder is not card:
        raise _refusal("card_external_id", card_input.external_id, "is the external id of another card")
    customer_id = card.customer_id if card_input.customer_id is None else card_input.customer_id
    is_issued_now = customer_id != card.customer_id
    status = card_input.status or (Status.ISSUED if is_issued_now and card.status == Status.NOT_ISSUED else card.status)
    fits = status not in _ISSUED if customer_id is None else status != Status.NOT_ISSUED
    if not fits:
        owner = "no customer" if customer_id is None else "a customer"
        raise _refusal("status", status, f"is not a status of a card of {owner}")
    return {
        "external_id": card_input.external_id or card.external_id,
        "customer_id": customer_id,
        "status": status,
        "issued_on": now if is_issued_now else card.issued_on,
        "expires_on": card_input.expires_on or card.expires_on,
    }


def _refusal(column: str, value: str, problem: str) -> LoyaltyError:
    return LoyaltyError(Code.INVALID_INPUT, detail=reason(column, value, problem))


def _change(card: Card, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    """The audit entry: columns that differ; for a new card all filled ones, with number and series."""
    if not old:
        named = {"number": card.number, "series": card.series.code}
        return Change(action="created", object_type="card", object_id=card.pk, new={**named, **_audit_values(new, new)})
    different = {name for name in new if new[name] != old[name]}
    action = "issued" if "customer_id" in different else "changed"
    return Change(
        action=action,
        object_type="card",
        object_id=card.pk,
        old=_audit_values(old, different),
        new=_audit_values(new, different),
    )


def _audit_values(values: Mapping[str, Any], names: Any) -> dict[str, Any]:
    words = {"customer_id": "customer"}
    filled = {words.get(name, name): values[name] for name in values if name in names and values[name] not in (None, "")}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in filled.items()}
