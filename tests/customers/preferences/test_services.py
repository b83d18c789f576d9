"""What is checked again once the customer is locked: it may have changed since the call read it."""

import pytest
from django.db import transaction

from customers.preferences.rules import SentPreferences
from customers.preferences.services import keep_preferences, load_open_stores
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.models import Till
from tests.factories.locations import till_actor


def test_a_customer_who_left_the_loyalty_program_meanwhile_is_1013(till: Till, anna: Customer) -> None:
    Customer.objects.update(type=Customer.Type.NON_LOYALTY)
    by = till_actor(till)
    with transaction.atomic(), pytest.raises(LoyaltyError, match="1013"):
        keep_preferences(anna.pk, SentPreferences(), context=load_input_context([], by=by), by=by)


def test_only_open_stores_may_be_preferred(till: Till, indiranagar: Till) -> None:
    assert set(load_open_stores()) == {till.store_id, indiranagar.store_id}
    indiranagar.store.is_active = False
    indiranagar.store.save()
    assert set(load_open_stores()) == {till.store_id}
