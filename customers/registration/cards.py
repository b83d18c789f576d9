"""Issue of cards to customers: an unissued card by its number, or the next number of a series (docs/protocol.md 4.1)."""

from dataclasses import dataclass

from customers.cards.models import Card
from customers.cards.numbering import next_card_number
from customers.registration.context import InputContext
from customers.registration.input import CustomerInput
from customers.registration.state import CustomerState
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes


@dataclass(frozen=True, slots=True)
class CardResult:
    """Result of the request for a card."""

    is_changed: bool
    notices: tuple[Notice, ...] = ()


_UNCHANGED = CardResult(is_changed=False)


def give_card(customer_input: CustomerInput, state: CustomerState, *, context: InputContext, by: Actor) -> CardResult:
    """Issue the card that the input names, or a new one of its series. A card that cannot be issued is warning 91003.

    The customer must be stored. Nothing changes for a customer who has the card, or a card of the series, already.
    """
    if customer_input.card_number:
        return _issue(customer_input.card_number, customer_input.series_code, state, context, by)
    if customer_input.series_code:
        return _generate(customer_input.series_code, state, context, by)
    return _UNCHANGED


def _issue(number: str, series_code: str, state: CustomerState, context: InputContext, by: Actor) -> CardResult:
    cards = Card.objects.filter(number=number)
    if series_code:
        cards = cards.filter(series__code=series_code)
    if cards.filter(customer=state.customer).exists():
        return _UNCHANGED
    today = context.now.astimezone(context.organization.zone).date()
    # One conditional UPDATE: of two concurrent requests for the card, the row count decides.
    unissued = cards.filter(customer=None, status=Card.Status.NOT_ISSUED).exclude(expires_on__lt=today)
    if not unissued.update(customer=state.customer, status=Card.Status.ISSUED, issued_on=context.now):
        return _refused("card_number")
    record_changes([_issued(cards.get(), state)], by=by)
    return CardResult(is_changed=True)


def _generate(series_code: str, state: CustomerState, context: InputContext, by: Actor) -> CardResult:
    series = context.card_series.get(series_code)
    if series is None:
        return _refused("series_code")
    if Card.objects.filter(customer=state.customer, series=series).exists():
        return _UNCHANGED
    number = next_card_number(series)
    if number is None:
        return _refused("series_code")
    card = Card.objects.create(
        organization=context.organization,
        series=series,
        number=number,
        customer=state.customer,
        status=Card.Status.ISSUED,
        issued_on=context.now,
    )
    record_changes([_issued(card, state)], by=by)
    return CardResult(is_changed=True)


def _refused(key: str) -> CardResult:
    return CardResult(is_changed=False, notices=(Notice(Code.VALIDATION_FAILED, key=key),))


def _issued(card: Card, state: CustomerState) -> Change:
    return Change(
        action="issued", object_type="card", object_id=card.pk, new={"number": card.number, "customer": state.customer.pk}
    )
