"""Stores and tills by code."""

import pytest
from pytest_django import DjangoAssertNumQueries

from organizations.locations.lookup import UnknownLocationError, find_locations
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.factories.locations import StoreFactory, TillFactory

pytestmark = pytest.mark.django_db


def test_a_till_brings_its_store_and_nothing_brings_nothing(till: Till, store: Store) -> None:
    places = find_locations(stores=[store.code], tills=[till.code])
    assert places.find(store="", till=till.code) == (store, till)
    assert places.find(store=store.code, till=till.code) == (store, till)
    assert places.find(store=store.code, till="") == (store, None)
    assert places.find(store="", till="") == (None, None)


def test_closed_places_are_still_named(till: Till, store: Store) -> None:
    Till.objects.update(is_active=False)
    Store.objects.update(is_active=False)
    assert find_locations(stores=[], tills=[till.code]).find(store="", till=till.code) == (store, till)


def test_unknown_places_and_tills_of_other_stores_are_refused(organization: Organization, till: Till) -> None:
    other = StoreFactory(organization=organization, code="other")
    with unscoped("tests make their rows"):
        far = TillFactory(store__organization__code="bazaar", store__code="bazaar.main", code="bazaar.till1")
    places = find_locations(stores=[other.code, "bazaar.main"], tills=[till.code, far.code])
    for store, name in [("other", till.code), ("", far.code), ("bazaar.main", ""), ("", "none"), ("none", "")]:
        with pytest.raises(UnknownLocationError):
            places.find(store=store, till=name)


def test_a_query_for_each_kind_that_is_named(
    till: Till, store: Store, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for stores, tills, queries in [([], [], 0), ([store.code], [], 1), ([store.code], [till.code], 2)]:
        with django_assert_num_queries(queries):
            places = find_locations(stores=stores, tills=tills)
            assert [store.zone for store in places.stores.values()] == [None] * len(stores)
            assert [till.store.concept for till in places.tills.values()] == [None] * len(tills)
