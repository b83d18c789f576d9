"""Factories of card series and cards."""

from factory import LazyAttribute, SelfAttribute, Sequence, SubFactory

from customers.cards.models import Card
from organizations.card_series.models import CardSeries
from tests.factories.base import TenantFactory
from tests.factories.organizations import OrganizationFactory


class CardSeriesFactory(TenantFactory):
    """A series that generates numbers of 16 characters."""

    class Meta:
        model = CardSeries

    organization = SubFactory(OrganizationFactory)
    code = "GOLD"
    name = LazyAttribute(lambda series: f"{series.code} card")
    generates = True
    prefix = SelfAttribute("code")
    length = 16


class CardFactory(TenantFactory):
    """A card that is issued if it has a customer."""

    class Meta:
        model = Card

    organization = SelfAttribute("series.organization")
    series = SubFactory(CardSeriesFactory)
    number = Sequence("GOLD{}".format)
    customer = None
    status = LazyAttribute(lambda card: Card.Status.ISSUED if card.customer else Card.Status.NOT_ISSUED)
