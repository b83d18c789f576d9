"""Which rows does a limit to stores leave?"""

import pytest

from customers.profile.models import Customer
from organizations.locations.models import Store
from organizations.staff.reach import in_stores
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory
from tests.factories.locations import StoreFactory

pytestmark = pytest.mark.django_db


def test_one_path_to_a_store_is_enough(organization: Organization, store: Store) -> None:
    other = StoreFactory(organization=organization)
    here, prefers = (
        CustomerFactory(organization=organization, registered_store=first, preferred_store=store) for first in (store, other)
    )
    nowhere = CustomerFactory(organization=organization)
    rows, own = Customer.objects.order_by("pk"), frozenset({store.pk})
    assert list(in_stores(rows, own, "registered_store")) == [here]
    assert list(in_stores(rows, own, "registered_store", "preferred_store")) == [here, prefers]
    assert list(in_stores(rows, frozenset(), "registered_store")) == [here, prefers, nowhere]
