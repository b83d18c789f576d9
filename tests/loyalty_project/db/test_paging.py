"""A page of each of several lists."""

import pytest
from pytest_django import DjangoAssertNumQueries

from loyalty_project.db.paging import page_of_each
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.locations import StoreFactory, TillFactory

pytestmark = pytest.mark.django_db


def test_each_list_has_its_page_and_its_length(
    organization: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    long, short = StoreFactory(organization=organization, code="long"), StoreFactory(organization=organization, code="short")
    for number in range(4):
        TillFactory(store=long, code=f"long{number}")
    TillFactory(store=short, code="short0")
    with django_assert_num_queries(2):
        pages = list(page_of_each(Till.objects.all(), by="store_id", order=["-code"], limit=2))
        rest = list(page_of_each(Till.objects.all(), by="store_id", order=["-code"], limit=2, offset=3))
    assert [(till.code, till.list_length) for till in pages] == [("long3", 4), ("long2", 4), ("short0", 1)]
    assert [(till.code, till.list_length) for till in rest] == [("long0", 4)]
