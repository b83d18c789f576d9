"""Codes and names of stores and tills, kept with the configuration."""

import pytest
from pytest_django import DjangoAssertNumQueries

from organizations.configuration import current_configuration
from organizations.locations.models import Store, Till
from organizations.locations.names import name_of_store, name_of_till
from organizations.tenancy.models import Organization
from tests.factories.locations import StoreFactory, TillFactory

pytestmark = pytest.mark.django_db


def test_names_cost_nothing_once_they_are_known(till: Till, store: Store, django_assert_num_queries: DjangoAssertNumQueries):
    configuration = current_configuration()
    assert name_of_till(configuration, till.pk) == (till.code, till.name)
    with django_assert_num_queries(0):
        assert name_of_store(configuration, store.pk) == (store.code, store.name)
        assert name_of_till(configuration, till.pk) == (till.code, till.name)
        assert (name_of_store(configuration, None), name_of_till(configuration, None)) == (None, None)


def test_closed_locations_keep_their_names(till: Till, store: Store) -> None:
    Till.objects.update(is_active=False)
    Store.objects.update(is_active=False)
    configuration = current_configuration()
    assert name_of_store(configuration, store.pk) == (store.code, store.name)
    assert name_of_till(configuration, till.pk) == (till.code, till.name)


def test_locations_younger_than_the_snapshot_are_looked_up(organization: Organization, till: Till) -> None:
    configuration = current_configuration()
    name_of_till(configuration, till.pk)
    store = StoreFactory(organization=organization, code="young", name="Young store")
    young = TillFactory(store=store, code="young.till", name="Young till")
    assert name_of_store(configuration, store.pk) == ("young", "Young store")
    assert name_of_till(configuration, young.pk) == ("young.till", "Young till")
