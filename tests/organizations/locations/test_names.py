"""Codes and names of stores and tills, kept with the configuration."""

import pytest
from pytest_django import DjangoAssertNumQueries

from organizations.configuration import current_configuration
from organizations.locations.models import Store, Till
from organizations.locations.names import load_names
from organizations.tenancy.models import Organization
from tests.factories.locations import StoreFactory, TillFactory

pytestmark = pytest.mark.django_db


def test_names_cost_nothing_once_they_are_known(till: Till, store: Store, django_assert_num_queries: DjangoAssertNumQueries):
    names = current_configuration().part(load_names)
    assert names.till(till.pk) == (till.code, till.name)
    with django_assert_num_queries(0):
        assert names.store(store.pk) == (store.code, store.name)
        assert names.till(till.pk) == (till.code, till.name)
        assert (names.store(None), names.till(None)) == (None, None)


def test_closed_locations_keep_their_names(till: Till, store: Store) -> None:
    Till.objects.update(is_active=False)
    Store.objects.update(is_active=False)
    names = current_configuration().part(load_names)
    assert names.store(store.pk) == (store.code, store.name)
    assert names.till(till.pk) == (till.code, till.name)


def test_locations_younger_than_the_snapshot_are_looked_up(organization: Organization, till: Till) -> None:
    names = current_configuration().part(load_names)
    store = StoreFactory(organization=organization, code="young", name="Young store")
    young = TillFactory(store=store, code="young.till", name="Young till")
    assert names.store(store.pk) == ("young", "Young store")
    assert names.till(young.pk) == ("young.till", "Young till")
