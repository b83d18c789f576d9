"""How does a customer get a card? One that lies ready, by its number, or the next number of a series (docs/protocol.md 4.1)."""

from dataclasses import dataclass

from customers.cards.models import Card
from customers.cards.numbering import next_card_number
from customers.registration.input import CustomerInput, InputContext
from customers.registration.state import CustomerState
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.card_series.models import CardSeries


@dataclass(frozen=True, slots=True)
class CardGiven:
    """What became of the card that was asked for."""

    is_changed: bool
    notices: tuple[Notice, ...] = ()


_REFUSED = CardGiven(is_changed=False, notices=(Notice(Code.VALIDATION_FAILED),))
_NOTHING = CardGiven(is_changed=False)


def give_card(draft: CustomerInput, person: CustomerState, *, context: InputContext, by: Actor) -> CardGiven:
    """Issue the card that the draft names, or a new one of the series it names. What cannot be issued is warning 91003.

    The customer must be stored. Somebody who has the card, or a card of the series, already keeps it; nothing happens.
    """
    if draft.card_number:
        return _issue(draft.card_number, draft.series_code, person, context, by)
    if draft.series_code:
        return _generate(draft.series_code, person, context, by)
    return _NOTHING


def _issue(number: str, series_code: str, person: CustomerState, context: InputContext, by: Actor) -> CardGiven:
    cards = Card.objects.filter(number=number)
    if series_code:
        cards = cards.filter(series__code=series_code)
    if cards.filter(customer=person.customer).exists():
        return _NOTHING
    today = context.now.astimezone(context.organization.zone).date()
    # One conditional UPDATE: of two who want the card at once, the row count tells who got it.
    unissued = cards.filter(customer=None, status=Card.Status.NOT_ISSUED).exclude(expires_on__lt=today)
    if not unissued.update(customer=person.customer, status=Card.Status.ISSUED, issued_on=context.now):
        return _REFUSED
    record_changes([_issued(cards.get(), person)], by=by)
    return CardGiven(is_changed=True)


def _generate(series_code: str, person: CustomerState, context: InputContext, by: Actor) -> CardGiven:
    series = CardSeries.objects.filter(code=series_code, is_active=True, generates=True).first()
    if series is None:
        return _REFUSED
    if Card.objects.filter(customer=person.customer, series=series).exists():
        return _NOTHING
    series.organization = context.organization
    number = next_card_number(series)
    if number is None:
        return _REFUSED
    card = Card.objects.create(
        organization=context.organization,
        series=series,
        number=number,
        customer=person.customer,
        status=Card.Status.ISSUED,
        issued_on=context.now,
    )
    record_changes([_issued(card, person)], by=by)
    return CardGiven(is_changed=True)


def _issued(card: Card, person: CustomerState) -> Change:
    return Change(
        action="issued", object_type="card", object_id=card.pk, new={"number": card.number, "customer": person.customer.pk}
    )
