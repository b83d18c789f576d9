"""Lookup of callers by till code or client key."""

from decimal import Decimal

import pytest

from organizations.credentials.lookup import find_client, find_till
from organizations.credentials.models import ApiClient
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import ConceptFactory, TillFactory, ZoneFactory


def test_a_till_comes_with_organization_and_store_in_one_query(till: Till, django_assert_num_queries) -> None:
    organization, store = till.organization, till.store
    organization.flags = {"RATE_LIMIT_PER_MINUTE": 77, "CONF_LOYALTY_MIN_BILL_AMOUNT": "1.50"}
    organization.stored_sections = {"programs": [1]}
    organization.save()
    store.zone = ZoneFactory(organization=organization, code="south", name="South")
    store.concept = ConceptFactory(organization=organization, code="grocery", name="Grocery")
    store.save()
    with django_assert_num_queries(1):
        row = find_till("mgroad.till1")
        assert row == till
        assert (row.organization, row.store, row.store.organization) == (organization, store, organization)
        assert (row.store.zone_id, row.store.concept_id) == (store.zone_id, store.concept_id)
        assert row.organization.supported_countries == ["IN", "GB", "AE"]
        assert row.organization.policy.rate_limit == 77
        assert row.organization.policy.min_bill_amount == Decimal("1.50")
    assert row.organization.stored_sections == {"programs": [1]}


@pytest.mark.parametrize("model", [Till, Store])
def test_every_column_arrives_where_it_belongs(till: Till, model: type[Till | Store]) -> None:
    loaded = find_till(till.code)
    row = loaded if model is Till else loaded.store
    stored = model.objects.get(pk=row.pk)
    assert [getattr(row, field.attname) for field in model._meta.concrete_fields] == [
        getattr(stored, field.attname) for field in model._meta.concrete_fields
    ]


def test_a_row_found_can_be_saved(till: Till) -> None:
    row = find_till(till.code)
    row.organization.name = "North Wind"
    row.organization.save()
    assert Organization.objects.get(pk=till.organization_id).name == "North Wind"


def test_an_unknown_code_or_key_finds_no_caller(till: Till) -> None:
    assert find_till("nobody") is None
    assert find_client("nobody") is None


def test_a_till_that_is_off_or_has_no_password_cannot_call(till: Till) -> None:
    Till.objects.filter(pk=till.pk).update(is_active=False)
    assert find_till(till.code) is None
    Till.objects.filter(pk=till.pk).update(is_active=True, password_hash="")
    assert find_till(till.code) is None


def test_a_client_comes_with_till_store_and_organization_in_one_query(client_row: ApiClient, django_assert_num_queries) -> None:
    ApiClientFactory(till=TillFactory(store=client_row.till.store), key="another")
    with django_assert_num_queries(1):
        row = find_client("nw-key-1")
        assert row == client_row
        assert (row.till, row.till.store, row.organization) == (
            client_row.till,
            client_row.till.store,
            client_row.organization,
        )
        assert row.token_ttl == 3600


@pytest.mark.parametrize("change", [{"is_active": False}, {"secret_hash": ""}])
def test_a_client_that_is_off_or_has_no_secret_cannot_call(client_row: ApiClient, change: dict) -> None:
    ApiClient.objects.filter(pk=client_row.pk).update(**change)
    assert find_client("nw-key-1") is None


def test_a_till_in_a_closed_store_is_still_found(till: Till) -> None:
    Store.objects.filter(pk=till.store_id).update(is_active=False)
    row = find_till(till.code)
    assert row is not None
    assert row.store.is_active is False
