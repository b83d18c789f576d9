"""Which cards are there, and whose are they? Brought to what a file says of them, issued or not (docs/imports.md)."""

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
from loyalty_project.imports.results import RowResult, RowStatus, rejected
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
    """What a row says of a card. Blank, or None: not supplied, which leaves a known card as it is."""

    number: str
    series: CardSeries
    customer_id: int | None = None
    external_id: str = ""
    status: str = ""
    expires_on: date | None = None


def find_series(codes: set[str]) -> Mapping[str, CardSeries]:
    """The active card series of these codes: one query."""
    return {one.code: one for one in CardSeries.objects.filter(is_any_of("code", codes, CharField()), is_active=True)}


def save_cards(said: Sequence[CardInput], *, now: datetime, by: Actor) -> list[RowResult]:
    """Make the cards what is said, in order; an outcome for each. The number of queries does not grow.

    Rejected (400): a card of another customer or series, an external id of another card, a status that does not go with having
    a customer or none. Call it in a transaction. Raises `django.db.OperationalError` (55P03) when a customer or card is not
    free in time.
    """
    if not said:
        return []
    lock_customers(one.customer_id for one in said if one.customer_id is not None)
    stock = _open_batch(said, now)
    outcomes = [stock.bring(one) for one in said]
    stock.write(by=by)
    return outcomes


def _open_batch(said: Sequence[CardInput], now: datetime) -> "_CardBatch":
    numbers, external_ids = {one.number for one in said}, {one.external_id for one in said} - {""}
    # The index of external ids has those that are not blank; only a condition that says so may use it.
    by_external_id = Q(is_any_of("external_id", external_ids, CharField())) & ~Q(external_id="")
    named = Q(is_any_of("number", numbers, CharField())) | by_external_id
    return _CardBatch(list(lock(Card.objects.filter(named))), now)


class _CardBatch:
    """The cards of one batch, as they are after the rows worked so far."""

    def __init__(self, cards: Sequence[Card], now: datetime) -> None:
        self.now = now
        self.by_number = {card.number: card for card in cards}
        self.by_external_id = {card.external_id: card for card in cards if card.external_id}
        self.new: list[Card] = []
        self.changed: dict[int, Card] = {}
        self.changes: list[tuple[Card, dict[str, Any], dict[str, Any]]] = []

    def bring(self, said: CardInput) -> RowResult:
        """Work one row."""
        card = self.by_number.get(said.number)
        is_new = card is None
        if card is None:
            card = Card(organization_id=said.series.organization_id, series=said.series, number=said.number)
        try:
            values = _values(card, said, self.now, self.by_external_id.get(said.external_id))
        except LoyaltyError as refusal:
            return rejected(refusal.code)
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
        """Store what changed."""
        insert_with_ids(self.new)
        update_rows(list(self.changed.values()), _COLUMNS)
        insert_rows(audit_entries([_change(*one) for one in self.changes], by=by))


def _values(card: Card, said: CardInput, now: datetime, holder: Card | None) -> dict[str, Any]:
    """What the card's columns become. `holder` is the card that has the external id now. Raises `LoyaltyError` 400."""
    is_given_away = said.customer_id is not None and card.customer_id not in {None, said.customer_id}
    if card.series_id != said.series.pk or is_given_away or (holder is not None and holder is not card):
        raise LoyaltyError(Code.INVALID_INPUT)
    customer_id = card.customer_id if said.customer_id is None else said.customer_id
    is_issued_now = customer_id != card.customer_id
    status = said.status or (Status.ISSUED if is_issued_now and card.status == Status.NOT_ISSUED else card.status)
    fits = status not in _ISSUED if customer_id is None else status != Status.NOT_ISSUED
    if not fits:
        raise LoyaltyError(Code.INVALID_INPUT)
    return {
        "external_id": said.external_id or card.external_id,
        "customer_id": customer_id,
        "status": status,
        "issued_on": now if is_issued_now else card.issued_on,
        "expires_on": said.expires_on or card.expires_on,
    }


def _change(card: Card, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    """As the audit tells it: the columns that differ; of a card that is new all that are filled, with number and series."""
    if not old:
        named = {"number": card.number, "series": card.series.code}
        return Change(action="created", object_type="card", object_id=card.pk, new={**named, **_told(new, new)})
    different = {name for name in new if new[name] != old[name]}
    action = "issued" if "customer_id" in different else "changed"
    return Change(action=action, object_type="card", object_id=card.pk, old=_told(old, different), new=_told(new, different))


def _told(values: Mapping[str, Any], names: Any) -> dict[str, Any]:
    words = {"customer_id": "customer"}
    told = {words.get(name, name): values[name] for name in values if name in names and values[name] not in (None, "")}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in told.items()}
