"""Lookup of callers by till code or client key."""

import pytest
from pytest_django import DjangoAssertNumQueries

from organizations.credentials.lookup import FoundClient, FoundTill, find_client, find_till, load_till
from organizations.credentials.models import ApiClient
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import no_scope, organization_scope
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import ConceptFactory, TillFactory, ZoneFactory


def version_of(organization: Organization) -> int:
    return Organization.objects.values_list("configuration_version", flat=True).get(pk=organization.pk)


def test_a_till_is_found_by_one_statement_outside_of_a_scope(
    till: Till, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    TillFactory(store=till.store, code="another")
    version = version_of(till.organization)
    with no_scope(), django_assert_num_queries(1):
        found = find_till("mgroad.till1")
    assert found == FoundTill(till.organization_id, version, till.pk, till.password_hash, till.password_hash_sha256)


def test_a_client_is_found_by_one_statement_outside_of_a_scope(
    client_row: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = TillFactory(store=client_row.till.store)
    ApiClientFactory(till=other, key="another")
    version = version_of(client_row.organization)
    with no_scope(), django_assert_num_queries(1):
        found = find_client("nw-key-1")
    assert found == FoundClient(
        client_row.organization_id, version, client_row.till_id, "nw-key-1", client_row.secret_hash, token_ttl=3600
    )


def test_an_unknown_code_or_key_finds_no_caller(till: Till) -> None:
    assert find_till("nobody") is None
    assert find_client("nobody") is None


def test_a_till_that_is_off_or_has_no_password_cannot_call(till: Till) -> None:
    Till.objects.filter(pk=till.pk).update(is_active=False)
    assert find_till(till.code) is None
    Till.objects.filter(pk=till.pk).update(is_active=True, password_hash="")
    assert find_till(till.code) is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"secret_hash": ""}])
def test_a_client_that_is_off_or_has_no_secret_cannot_call(client_row: ApiClient, change: dict[str, object]) -> None:
    ApiClient.objects.filter(pk=client_row.pk).update(**change)
    assert find_client("nw-key-1") is None


def test_a_client_whose_till_is_off_cannot_call(client_row: ApiClient) -> None:
    Till.objects.filter(pk=client_row.till_id).update(is_active=False)
    assert find_client("nw-key-1") is None


def test_a_till_in_a_closed_store_is_still_found(till: Till) -> None:
    Store.objects.filter(pk=till.store_id).update(is_active=False)
    assert find_till(till.code) is not None


def test_a_loaded_till_has_its_store_zone_and_concept(till: Till, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    store = till.store
    store.zone = ZoneFactory(organization=till.organization, code="south", name="South")
    store.concept = ConceptFactory(organization=till.organization, code="grocery", name="Grocery")
    store.save()
    with django_assert_num_queries(1):
        loaded = load_till(till.pk)
        assert loaded is not None
        assert (loaded, loaded.store) == (till, store)
        assert (loaded.store.zone, loaded.store.concept) == (store.zone, store.concept)


def test_a_till_of_another_organization_is_not_loaded(till: Till, stranger: Till) -> None:
    assert load_till(stranger.pk) is None
    with organization_scope(stranger.organization):
        assert load_till(stranger.pk) == stranger
