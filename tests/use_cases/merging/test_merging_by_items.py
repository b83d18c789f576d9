"""Merges by items of add and update that name several customers (docs/protocol.md 2.4)."""

from decimal import Decimal

import pytest
from django.db import transaction

from customers.identifiers.models import Identifier
from customers.lookup.services import LookupQuery, look_up
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from engagement.events.deferral import MERGE
from engagement.events.models import DeferredEvent
from engagement.points.ledger.movements import spend
from engagement.points.ledger.posting import Kind
from engagement.points.ledger.repository import lock_accounts, write_accounts
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.fields import FieldFactory
from tests.factories.locations import till_actor
from tests.factories.points import facts, give_points
from tests.use_cases.merges import NEW, OLD, account_of, codes, is_clean, merge, send, undo
from use_cases.deferred_events import work_deferred_events
from use_cases.merging import MergeRefusedError
from use_cases.registration import register_all, update_customer

pytestmark = pytest.mark.django_db


def test_two_customers_named_by_an_item_are_merged(till, anna, twin):
    registration = send(till, mobile="9812300001", email="anna@example.com", lastname="Iyer")
    assert (registration.customer.pk, registration.is_new, registration.is_changed, codes(registration)) == (
        anna.pk, False, True, [],
    )  # fmt: skip
    assert registration.state.identifiers == {"mobile": "919812300001", "email": "anna@example.com", "external_id": "NW-2"}
    anna.refresh_from_db()
    assert anna.lastname == "Iyer"


def test_three_customers_named_by_an_item_are_merged(organization, till, anna):
    by_email = send(till, email="a@example.com", registered_on=NEW).customer
    by_id = send(till, external_id="X9", registered_on=OLD).customer
    registration = send(till, update_customer, mobile="9812300001", email="a@example.com", external_id="X9")
    assert registration.customer.pk == anna.pk
    assert set(Merge.objects.values_list("survivor_id", "victim_id")) == {(anna.pk, by_email.pk), (anna.pk, by_id.pk)}
    assert is_clean(organization)


def test_a_different_email_merges_and_is_kept(till, anna, twin):
    send(till, mobile="9812300001", email="first@example.com")
    registration = send(till, mobile="9812300001", email="anna@example.com")
    assert codes(registration) == [91006]
    assert registration.state.identifiers["email"] == "first@example.com"
    assert Merge.objects.count() == 1


def test_an_email_that_may_change_becomes_the_survivors(organization, till, anna, twin):
    organization.flags = {"CONF_ALLOW_EMAIL_UPDATE": True}
    organization.save()
    send(till, mobile="9812300001", email="first@example.com")
    registration = send(till, mobile="9812300001", email="anna@example.com")
    assert codes(registration) == []
    states = dict(Identifier.objects.filter(customer=anna, kind="email").values_list("value", "state"))
    assert states == {"anna@example.com": "CURRENT", "first@example.com": "FORMER"}


def test_writes_to_a_victim_reach_the_survivor_with_a_warning(till, anna, twin):
    merge(till, anna, twin)
    by_mobile = send(till, mobile="9812300002", firstname="Annie")
    by_id = send(till, update_customer, id=str(twin.pk), lastname="Iyer")
    assert [registration.customer.pk for registration in (by_mobile, by_id)] == [anna.pk, anna.pk]
    assert [codes(registration) for registration in (by_mobile, by_id)] == [[91009], [91009]]


def test_a_refused_item_merges_no_customers(organization, till, anna, twin):
    FieldFactory(organization=organization, name="age", is_mandatory=True)
    with pytest.raises(LoyaltyError) as caught:
        send(till, mobile="9812300001", email="anna@example.com")
    assert caught.value.code == Code.INVALID_CUSTOM_FIELD
    assert not Merge.objects.exists()
    twin.refresh_from_db()
    assert twin.merged_into_id is None


def test_a_batch_merges_customers_it_registered_itself(organization, till):
    items = [
        {"mobile": "9812300011"},
        {"email": "b@example.com"},
        {"mobile": "9812300011", "email": "b@example.com", "firstname": "Bea"},
        {"email": "b@example.com", "lastname": "Rao"},
        {"mobile": "9812300012"},
    ]
    with transaction.atomic():
        context = load_input_context(items, by=till_actor(till))
        inputs = [read_customer_input(item, context, action="add") for item in items]
        results = register_all(inputs, options=RegistrationOptions(), context=context, by=till_actor(till))
    assert [(registration.customer.pk == results[0].customer.pk, registration.is_new) for registration in results] == [
        (True, True), (False, True), (True, False), (True, False), (False, True),
    ]  # fmt: skip
    bea = Customer.objects.get(firstname="Bea")
    assert (bea.lastname, bea.pk) == ("Rao", results[0].customer.pk)
    assert Customer.objects.filter(merged_into=None).count() == 2
    assert is_clean(organization)


def in_one_batch(till: Till, items: list[dict[str, str]]) -> list[Customer]:
    with transaction.atomic():
        context = load_input_context(items, by=till_actor(till))
        inputs = [read_customer_input(item, context, action="add") for item in items]
        return [
            registration.customer
            for registration in register_all(inputs, options=RegistrationOptions(), context=context, by=till_actor(till))
        ]


def test_the_earlier_row_of_a_batch_is_the_older_customer(organization, till):
    organization.flags = {"CONF_SKIP_SECONDARY_ID_ON_PRIMARY_MISMATCH": 1}
    organization.save()
    first, second, both = in_one_batch(
        till,
        [
            {"mobile": "9812300011", "email": "bea@example.com"},
            {"mobile": "9812300012", "external_id": "NW-0012"},
            {"external_id": "NW-0012", "email": "bea@example.com"},
        ],
    )
    assert (first.registered_on, both.pk) == (second.registered_on, first.pk)


def test_a_customer_registered_after_a_merge_is_the_younger(organization, till):
    first, second, merged, third, merged_too = in_one_batch(
        till,
        [
            {"mobile": "9812300011", "email": "bea@example.com"},
            {"mobile": "9812300012", "external_id": "NW-0012"},
            {"external_id": "NW-0012", "email": "bea@example.com"},
            {"mobile": "9812300013", "email": "cleo@example.com"},
            {"external_id": "NW-0012", "email": "cleo@example.com"},
        ],
    )
    assert first.registered_on == third.registered_on
    assert (merged.pk, merged_too.pk) == (first.pk, first.pk)
    assert set(Customer.objects.filter(merged_into=first.pk).values_list("pk", flat=True)) == {second.pk, third.pk}


def test_skipping_known_customers_merges_none(till, anna, twin):
    item = {"mobile": "9812300001", "email": "anna@example.com"}
    with transaction.atomic():
        context = load_input_context([item], by=till_actor(till))
        customer_input = read_customer_input(item, context, action="add")
        options = RegistrationOptions(if_existing="skip")
        register_all([customer_input], options=options, context=context, by=till_actor(till))
    assert not Merge.objects.exists()


def test_points_that_cannot_move_now_follow_later(organization, till, anna, twin, queue):
    with transaction.atomic():
        give_points(account_of(anna), "999999999999000")
        give_points(account_of(twin), "999999999999000")
    registration = send(till, mobile="9812300001", email="anna@example.com")
    assert codes(registration) == [1096]
    event = DeferredEvent.objects.get(kind=MERGE)
    assert event.customer_id == anna.pk
    assert account_of(twin).balance == Decimal(999999999999000)
    with pytest.raises(MergeRefusedError, match="still to move"):
        undo(till, Merge.objects.get())
    with transaction.atomic():
        (state,) = lock_accounts([twin.pk], zone=organization.zone).values()
        spend(state, Decimal(999999999998100), kind=Kind.REDEEM, facts=facts())
        state.account.lifetime, state.account.redeemed = Decimal(900), Decimal(0)
        write_accounts([state])
    assert work_deferred_events(organization, anna.pk) == 1
    assert account_of(anna).balance == 999999999999900


def test_a_shared_address_of_two_victims_becomes_current_once(till: Till, organization: Organization) -> None:
    organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": 0, "CONF_ALLOW_EMAIL_UPDATE": 1}
    organization.save(update_fields=["flags"])
    anna = send(till, mobile="9812300001", email="anna@example.com").customer
    for mobile in ("9812300002", "9812300003"):
        merge(till, anna, send(till, mobile=mobile, email="family@example.com").customer)
    send(till, update_customer, mobile="9812300001", email="family@example.com")
    rows = Identifier.objects.filter(customer=anna, kind="email").order_by("pk")
    assert list(rows.values_list("value", "state")) == [
        ("anna@example.com", "FORMER"),
        ("family@example.com", "CURRENT"),
        ("family@example.com", "MERGED"),
    ]


def test_an_address_of_both_finds_the_survivor_without_a_warning(till: Till, organization: Organization) -> None:
    organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": 0}
    organization.save(update_fields=["flags"])
    anna, usha = (send(till, mobile=mobile, email="family@example.com").customer for mobile in ("9812300001", "9812300002"))
    merge(till, usha, anna)
    asked = LookupQuery(key="email", values=["family@example.com"])
    (answer,) = look_up(asked, organization=organization, policy=organization.policy, country_code="")
    assert (answer.customer_id, answer.is_merged) == (usha.pk, False)
