"""Cards in the back office: to look at."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.cards.models import Card
from customers.profile.models import Customer
from organizations.locations.models import Till
from tests.back_office import list_of, page_of, register, shown
from tests.factories.cards import CardFactory, CardSeriesFactory

CARDS = "customers_card"


@pytest.fixture
def card(anna: Customer) -> Card:
    series = CardSeriesFactory(organization=anna.organization)
    return CardFactory(series=series, number="GOLD1", customer=anna)


def test_cards_are_listed_and_found_by_how_they_begin(administrator: Client, card: Card) -> None:
    other = CardFactory(series=card.series, number="SILVER1")
    assert set(shown(administrator.get(list_of(CARDS)))) == {card, other}
    assert shown(administrator.get(list_of(CARDS), {"q": "gol"})) == [card]
    assert shown(administrator.get(list_of(CARDS), {"status__exact": "NOT_ISSUED"})) == [other]
    assert len(shown(administrator.get(list_of(CARDS), {"q": " "}))) == 2
    assert len(shown(administrator.get(list_of(CARDS), {"series": card.series_id}))) == 2
    assert "issued" in administrator.get(list_of(CARDS)).content.decode()


def test_staff_of_a_store_see_the_cards_of_its_customers(seller: Client, card: Card, indiranagar: Till) -> None:
    other = register(indiranagar, mobile="9812300002")
    hidden = CardFactory(series=card.series, number="GOLD2", customer=other)
    assert shown(seller.get(list_of(CARDS))) == [card]
    assert seller.get(page_of(CARDS, hidden)).status_code == 302


def test_cards_are_not_changed_by_hand(administrator: Client, card: Card) -> None:
    assert administrator.get(page_of(CARDS, card)).status_code == 200
    assert administrator.post(page_of(CARDS, card), {"number": "X"}).status_code == 403
    assert administrator.get("/admin/customers/card/add/").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, card: Card, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    CardFactory.create_batch(rows - 1, series=card.series)
    # Session, member of staff, the limit to stores, series of the filter, cards, the count.
    with django_assert_num_queries(7):
        administrator.get(list_of(CARDS))
