"""Locks of customers."""

import pytest
from django.db import OperationalError, transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.locks import lock_customer, lock_customers
from customers.profile.models import Customer
from loyalty_project.db.errors import sqlstate
from organizations.locations.models import Till
from tests.back_office import register
from tests.factories.locations import till_actor
from use_cases.merging import merge_customers

pytestmark = pytest.mark.django_db


@transaction.atomic
def test_customers_are_locked_by_one_query(anna: Customer, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert lock_customers([anna.pk, anna.pk, 10**9]) == {anna.pk: anna}
    with django_assert_num_queries(0):
        assert lock_customers([]) == {}


@transaction.atomic
def test_an_unknown_customer_is_not_locked(organization: object) -> None:
    with pytest.raises(Customer.DoesNotExist):
        lock_customer(10**9)


@transaction.atomic
def test_work_on_a_merged_customer_is_repeated(anna: Customer, till: Till) -> None:
    twin = register(till, mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    with pytest.raises(OperationalError) as refused:
        lock_customers([anna.pk, twin.pk])
    assert sqlstate(refused.value) == "40001"
