"""Registering and updating, from an input to the stored rows (docs/protocol.md 2.4, 4.1, 4.2)."""

import pytest

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from engagement.programs.catalog import current_catalog
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from organizations.configuration import current_configuration
from organizations.locations.models import Till
from referrals.campaigns.catalog import load_campaigns
from subscriptions.models import Consent
from tests.factories.locations import till_actor
from use_cases.registration import Registration, register_all, register_customer, update_customer

pytestmark = pytest.mark.django_db


def register(till: Till, **item) -> Registration:
    by = till_actor(till)
    context = load_input_context([item], by=by)
    return register_customer(read_customer_input(item, context, action="add"), context=context, by=by)


def update(till: Till, **item) -> Registration:
    by = till_actor(till)
    context = load_input_context([item], by=by)
    return update_customer(read_customer_input(item, context, action="update"), context=context, by=by)


def identifiers(customer: Customer) -> dict[str, str]:
    return dict(Identifier.objects.filter(customer=customer, state="CURRENT").values_list("kind", "value"))


def test_a_new_customer_is_stored_with_identifiers_and_store(till):
    registered = register(till, mobile="9812345678", email="Asha@Example.com", firstname="Asha")
    customer = Customer.objects.get(pk=registered.customer.pk)
    assert registered.is_new
    assert identifiers(customer) == {"mobile": "919812345678", "email": "asha@example.com"}
    assert (customer.firstname, customer.firstname_folded, customer.registered_till, customer.registered_store) == (
        "Asha", "asha", till, till.store,
    )  # fmt: skip


def test_a_known_customer_is_updated(till):
    first = register(till, mobile="9812345678", firstname="Asha")
    again = register(till, mobile="9812345678", lastname="Rao", email="asha@example.com")
    assert (again.is_new, again.is_changed, again.customer.pk) == (False, True, first.customer.pk)
    customer = Customer.objects.get()
    assert (customer.firstname, customer.lastname, customer.lastname_folded) == ("Asha", "Rao", "rao")
    assert identifiers(customer) == {"mobile": "919812345678", "email": "asha@example.com"}


def test_every_change_is_audited_with_old_and_new(till):
    customer = register(till, mobile="9812345678", firstname="Asha").customer
    update(till, mobile="9812345678", firstname="Usha", email="usha@example.com")
    registered, updated = AuditEntry.objects.order_by("pk")
    assert (registered.action, registered.object_id, registered.actor) == ("registered", customer.pk, f"till:{till.code}")
    assert registered.new["mobile"] == "919812345678"
    assert (updated.action, updated.old, updated.new) == (
        "updated", {"firstname": "Asha"}, {"firstname": "Usha", "email": "usha@example.com"},
    )  # fmt: skip


def test_an_update_without_changes_is_reported_and_dated(till):
    customer = register(till, mobile="9812345678", firstname="Asha", updated_on="2024-01-01").customer
    again = update(till, mobile="9812345678", firstname="Asha", updated_on="2024-02-02 10:00:00")
    assert not again.is_changed
    assert Customer.objects.get(pk=customer.pk).updated_on.isoformat() == "2024-02-02T04:30:00+00:00"
    assert AuditEntry.objects.count() == 1


def test_a_refused_input_leaves_no_trace_and_the_others_are_stored(till):
    by = till_actor(till)
    items = [{"mobile": "9812345678"}, {"external_id": "E", "type": "NON_LOYALTY"}, {"mobile": "9812345678", "lastname": "Rao"}]
    context = load_input_context(items, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in items]
    first, refused, third = register_all(inputs, options=RegistrationOptions(), context=context, by=by)
    assert isinstance(refused, LoyaltyError)
    assert refused.code == Code.NON_LOYALTY_NEEDS_MOBILE_OR_EMAIL
    assert isinstance(first, Registration)
    assert isinstance(third, Registration)
    assert (first.is_new, third.is_new, third.is_changed) == (True, False, True)
    assert Customer.objects.get().lastname == "Rao"
    assert AuditEntry.objects.count() == 1


def test_replaced_identifier_becomes_a_former_one_and_is_free_again(organization, till):
    organization.flags = {"CONF_ALLOW_EMAIL_UPDATE": 1}
    organization.save()
    till.organization = organization
    known = register(till, mobile="9812345678", email="old@example.com").customer
    update(till, mobile="9812345678", email="new@example.com")
    assert identifiers(known) == {"mobile": "919812345678", "email": "new@example.com"}
    other = register(till, mobile="9812345679", email="old@example.com").customer
    assert other.pk != known.pk
    assert identifiers(other)["email"] == "old@example.com"


def test_a_change_of_consent_alone_is_a_change(till):
    pair = {"channel": "SMS", "priority": "BULK", "is_subscribed": "1"}
    first = register(till, mobile="9812345678")
    again, once_more = (update(till, mobile="9812345678", subscriptions=[pair]) for _ in range(2))
    assert (first.subscriptions, again.is_changed, once_more.is_changed) == ([], True, False)
    assert once_more.subscriptions == [{"channel": "SMS", "priority": "BULK", "scope": "ALL", "status": "1"}]


@pytest.mark.parametrize(("count", "queries"), [(1, 17), (3, 15), (60, 9)])
def test_consents_of_a_batch_are_kept_together(till, count, queries, django_assert_num_queries):
    """As below (one lookup less), then what was said, consents and their log; for one draft alone in a savepoint."""
    by = till_actor(till)
    pair = {"channel": "EMAIL", "priority": "BULK", "is_subscribed": "1"}
    items = [{"mobile": str(9800000000 + n), "subscriptions": [pair]} for n in range(count)]
    context = load_input_context(items, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in items]
    current_catalog()
    current_configuration().part(load_campaigns)
    with django_assert_num_queries(queries):
        register_all(inputs, options=RegistrationOptions(), context=context, by=by)
    assert Consent.objects.count() == count


@pytest.mark.parametrize(("count", "queries"), [(1, 12), (3, 12), (60, 8)])
def test_the_number_of_queries_does_not_grow_with_the_batch(till, count, queries, django_assert_num_queries):
    """Locks, a lookup and ids; customers, identifiers and audit; the configuration's version, memberships and accounts with
    their ids, and the savepoint around what these give. Rows by INSERT, or (uncounted) by COPY after a check of the settings.
    """
    by = till_actor(till)
    items = [{"mobile": str(9800000000 + n), "email": f"guest{n}@example.com", "firstname": "Guest"} for n in range(count)]
    context = load_input_context(items, by=by)
    inputs = [read_customer_input(item, context, action="add") for item in items]
    current_catalog()
    current_configuration().part(load_campaigns)
    with django_assert_num_queries(queries):
        register_all(inputs, options=RegistrationOptions(), context=context, by=by)
    assert Customer.objects.count() == count
