"""Values of earlier versions: cleaned of invisible characters, and folded by the rule of searches."""

import unicodedata
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.cards.models import Card
from customers.field_terms.models import FieldTerm, IndexedField
from customers.identifiers.models import Identifier
from customers.merging.models import Merge
from customers.profile.field_values import folded_values
from customers.profile.models import Customer
from customers.profile.text import name_form, search_form
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.customers import CustomerFactory, ExternalIdFactory
from tests.factories.fields import FieldFactory
from tests.migrations import carry_back, carry_over
from tests.use_cases.merges import merge, undo

pytestmark = pytest.mark.django_db
CLEANING = "0012_values_without_invisible_characters"
FOLDING = "0013_folding_of_all_spellings"


def old_form(text: str) -> str:
    """How earlier versions folded."""
    return unicodedata.normalize("NFKC", text).casefold()[:300]


def old_customer(organization: Organization, firstname: str, lastname: str = "", **more: Any) -> Customer:
    return CustomerFactory(
        organization=organization,
        firstname=firstname,
        lastname=lastname,
        firstname_folded=old_form(firstname),
        lastname_folded=old_form(lastname),
        **more,
    )


def old_external_id(customer: Customer, value: str) -> Identifier:
    return ExternalIdFactory(customer=customer, value=value, value_folded=old_form(value))


def test_external_ids_and_cards_lose_invisible_characters(organization: Organization) -> None:
    customer = CustomerFactory(organization=organization)
    identifier = old_external_id(customer, "\ufeffNW-\u200b1")
    card = CardFactory(series=CardSeriesFactory(organization=organization), number="GOLD\u200e1", external_id="\u202aX1\u202c")
    carry_over("customers", CLEANING)
    identifier.refresh_from_db()
    card.refresh_from_db()
    assert (identifier.value, identifier.value_folded) == ("NW-1", "nw-1")
    assert (card.number, card.external_id) == ("GOLD1", "X1")


def test_a_value_that_another_row_has_cleaned_stays(organization: Organization) -> None:
    series = CardSeriesFactory(organization=organization)
    values = ["NW-1", "NW-1\u200b", "N\u200bW-1", "\u200b"]
    for value in values:
        old_external_id(CustomerFactory(organization=organization), value)
        CardFactory(series=series, number=value)
    carry_over("customers", CLEANING)
    assert sorted(Identifier.objects.values_list("value", flat=True)) == sorted(values)
    assert sorted(Card.objects.values_list("number", flat=True)) == sorted(values)


def test_a_merge_can_still_be_undone_after_its_values_were_cleaned(till: Till, organization: Organization) -> None:
    survivor, victim = old_customer(organization, "Anna"), old_customer(organization, "Ann")
    identifier = old_external_id(victim, "NW-\u200b\u0130")
    card = CardFactory(series=CardSeriesFactory(organization=organization), number="GOLD\u200b1", customer=victim)
    merged = merge(till, survivor, victim)
    carry_over("customers", CLEANING)
    carry_over("customers", FOLDING)
    undo(till, Merge.objects.get(pk=merged.pk))
    identifier.refresh_from_db()
    card.refresh_from_db()
    assert (identifier.value, identifier.value_folded, identifier.customer_id) == ("NW-\u0130", "nw-i", victim.pk)
    assert (card.number, card.customer_id) == ("GOLD1", victim.pk)


def test_a_changed_merge_stays_changed_after_cleaning(till: Till, organization: Organization) -> None:
    survivor, victim = old_customer(organization, "Anna"), old_customer(organization, "Ann")
    identifier = old_external_id(victim, "NW-\u200b1")
    merged = merge(till, survivor, victim)
    Identifier.objects.filter(pk=identifier.pk).update(state="FORMER")
    carry_over("customers", CLEANING)
    assert Merge.objects.get(pk=merged.pk).moved["identifiers"]["digest"] == merged.moved["identifiers"]["digest"]


@pytest.fixture
def folded(organization: Organization) -> list[Customer]:
    """Customers as earlier versions folded them; the last one folds alike by both rules."""
    town = FieldFactory(organization=organization, name="town", is_searchable=True)
    IndexedField.objects.create(organization=organization, field=town, is_complete=True)
    answers = ["D\u0130YAR", "Is\u0131k", "\u674e"]
    names = [("\u0130pek", "I\u015f\u0131l"), ("D\u2019Arcy", "Ann  Lee"), ("\u674e", "Jos\u00e9")]
    customers = []
    for answer, (firstname, lastname) in zip(answers, names, strict=True):
        values = {str(town.pk): answer}
        old = {str(town.pk): [old_form(answer)]}
        customer = old_customer(organization, firstname, lastname, field_values=values, field_values_folded=old)
        FieldTerm.objects.create(organization=organization, customer=customer, field=town, folded=old_form(answer), position=1)
        old_external_id(customer, f"NW-{answer}")
        customers.append(customer)
    return customers


def stored() -> tuple[list[Any], ...]:
    return (
        list(Customer.objects.order_by("pk").values_list("firstname_folded", "lastname_folded", "field_values_folded")),
        list(FieldTerm.objects.order_by("customer_id").values_list("folded", flat=True)),
        list(Identifier.objects.order_by("pk").values_list("value_folded", flat=True)),
    )


def test_stored_text_is_folded_by_the_rule_of_searches(folded: list[Customer]) -> None:
    carry_over("customers", FOLDING)
    assert stored() == (
        [(name_form(row.firstname), name_form(row.lastname), folded_values(row.field_values)) for row in folded],
        ["diyar", "isik", "\u674e"],
        [search_form(f"NW-{answer}") for answer in ("D\u0130YAR", "Is\u0131k", "\u674e")],
    )


def test_folding_goes_back_to_the_rule_before(folded: list[Customer]) -> None:
    before = stored()
    carry_over("customers", FOLDING)
    assert stored() != before
    carry_back("customers", FOLDING)
    assert stored() == before


def test_rows_that_fold_alike_are_not_written(folded: list[Customer]) -> None:
    carry_over("customers", FOLDING)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        carry_over("customers", FOLDING)
    assert not [query for query in queries if query["sql"].startswith(("UPDATE", "INSERT", "WITH"))]
