"""Reduced cards: customers of other stores by a whole identifier, as the policy allows, and every opening in the audit."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.finding.references import CardReference
from customers.profile.models import Customer
from organizations.audit.actors import Actor, staff_actor
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from organizations.staff.reach import reach_of
from organizations.tenancy.models import Organization
from tests.back_office import register
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.identity_requests import set_flags
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory
from use_cases.merging import merge_customers
from use_cases.reduced_card import find_at_other_stores, open_reduced_card


def actor_for(member: StaffMember) -> Actor:
    assert member.organization is not None
    return replace(staff_actor(member, member.organization), reach=reach_of(member))


@pytest.fixture
def robin(anna: Customer, indiranagar: Till) -> Actor:
    """Staff of Indiranagar, at which Anna did not register."""
    CardFactory(series=CardSeriesFactory(organization=anna.organization), number="GOLD0001", customer=anna)
    stores = [indiranagar.store]
    return actor_for(StaffMemberFactory(organization=anna.organization, role="store_staff", stores=stores, username="robin"))


def found(term: str, by: Actor) -> list[tuple[int, str]]:
    return [(customer.customer_id, customer.kind) for customer in find_at_other_stores(term, by=by)]


def reference(customer: Customer, by: Actor, kind: str = "mobile") -> CardReference:
    return CardReference(customer_id=customer.pk, kind=kind, actor=by.name)


def with_policy(by: Actor, **flags: Any) -> Actor:
    set_flags(by.organization, **flags)
    return replace(by, organization=Organization.objects.get(pk=by.organization.pk))


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("9812300001", "mobile"),
        ("+91 98123 00001", "mobile"),
        ("Anna.Rao@example.com", "email"),
        ("nw-0001", "external_id"),
        ("gold0001", "card"),
    ],
)
def test_a_whole_identifier_finds_a_customer_of_another_store(anna: Customer, robin: Actor, term: str, kind: str) -> None:
    assert found(term, robin) == [(anna.pk, kind)]


@pytest.mark.parametrize(
    "term", ["anna", "anna rao", "anan rao", "0001", "98123", "981230000", "anna.rao@", "NW-00", "GOLD", "", "\x00", "9" * 400]
)
def test_names_and_parts_find_no_customer_of_another_store(robin: Actor, term: str) -> None:
    assert found(term, robin) == []


def test_an_id_finds_no_customer_of_another_store(anna: Customer, robin: Actor) -> None:
    assert found(str(anna.pk), robin) == []


def test_customers_in_sight_and_of_other_organizations_are_left_out(
    robin: Actor, till: Till, indiranagar: Till, stranger: Till
) -> None:
    register(indiranagar, mobile="9812300002")
    register(stranger, mobile="9812300003")
    assert found("9812300002", robin) == found("9812300003", robin) == []
    assert found("9812300001", actor_for(StaffMemberFactory(organization=till.organization, role="org_admin"))) == []
    assert found("9812300001", till_actor(till)) == []


def test_a_shared_value_finds_no_customer_of_another_store(anna: Customer, robin: Actor, till: Till) -> None:
    robin = with_policy(robin, CONF_USERS_IS_EMAIL_UNIQUE=0)
    till.organization.refresh_from_db()
    for mobile in ("9812300004", "9812300005"):
        register(till, mobile=mobile, email="family@example.com")
    assert found("family@example.com", robin) == []


def test_a_value_of_a_merged_customer_finds_the_survivor(anna: Customer, robin: Actor, till: Till) -> None:
    twin = register(till, mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    assert found("9812300002", robin) == [(anna.pk, "mobile")]
    assert open_reduced_card(reference(twin, robin), by=robin) is None


def test_an_opening_is_written_to_the_audit_without_the_value(anna: Customer, robin: Actor) -> None:
    card = open_reduced_card(reference(anna, robin, "email"), by=robin)
    assert card is not None
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor, entry.object_type, entry.object_id) == ("opened", "staff:robin", "customer", anna.pk)
    assert (entry.old, entry.new) == ({}, {"reduced_card_found_by": "email"})


def test_the_card_shows_what_the_policy_allows(anna: Customer, robin: Actor) -> None:
    card = open_reduced_card(reference(anna, robin), by=robin)
    assert card is not None
    assert (card.customer, card.identifiers, card.store, card.shows_contact) == (anna, {}, None, False)
    assert [current.program.name for current, _ in card.balances] == ["Club"]
    robin = with_policy(robin, CUSTOMERS_OF_OTHER_STORES="CONTACT")
    card = open_reduced_card(reference(anna, robin), by=robin)
    assert card is not None
    assert set(card.identifiers) == {"mobile", "email", "external_id"}
    assert card.store == anna.registered_store


def test_the_policy_may_forbid_the_card(anna: Customer, robin: Actor) -> None:
    robin = with_policy(robin, CUSTOMERS_OF_OTHER_STORES="NOTHING")
    assert found("9812300001", robin) == []
    before = AuditEntry.objects.count()
    assert open_reduced_card(reference(anna, robin), by=robin) is None
    assert AuditEntry.objects.count() == before


def test_customers_of_other_stores_cost_four_statements(
    robin: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for term, count in (("9812300001", 4), ("anna.rao@example.com", 4), ("NW-0001", 3), ("anna", 2)):
        with django_assert_num_queries(count):
            found(term, robin)


# --- references


def test_a_reference_is_good_for_its_actor_alone_and_for_a_while(
    anna: Customer, robin: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = reference(anna, robin).signed()
    assert CardReference.read(signed, actor=robin.name) == reference(anna, robin)
    assert CardReference.read(signed, actor="staff:other") is None
    for forged in ("", "x", signed[:-1], f"{anna.pk}", signed.replace(signed[0], "a", 1) + "a"):
        assert CardReference.read(forged, actor=robin.name) is None
    monkeypatch.setattr("customers.finding.references.LIFETIME", -1)
    assert CardReference.read(signed, actor=robin.name) is None
