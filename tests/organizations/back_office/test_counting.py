"""Row counts up to a limit."""

import pytest
from django.db import connection
from django.db.models import OuterRef
from pytest_django import DjangoAssertNumQueries

from organizations.back_office import counting
from organizations.back_office.counting import COUNTED, BoundedCount, RowCount, count_label, row_count
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from tests.factories.locations import StoreFactory, TillFactory


def test_a_number_is_printed_up_to_the_limit() -> None:
    assert [count_label(0), count_label(1234), count_label(COUNTED)] == ["0", "1,234", "10,000"]
    assert [count_label(COUNTED + 1), count_label(3, limit=2)] == ["more than 10,000", "more than 2"]


def test_rows_of_each_row_are_counted_in_one_query(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(counting, "COUNTED", 2)
    for code, tills in (("a", 0), ("b", 2), ("c", 4)):
        store = StoreFactory(organization=organization, code=code)
        for _ in range(tills):
            TillFactory(store=store)
    counted = BoundedCount(Till.objects.filter(store=OuterRef("pk")))
    with django_assert_num_queries(1):
        rows = list(Store.objects.annotate(tills_count=counted).order_by("code").values_list("tills_count", flat=True))
    assert rows == [0, 2, 3]


def test_rows_are_counted_exactly_up_to_the_limit(
    organization: Organization, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    StoreFactory.create_batch(3, organization=organization)
    with django_assert_num_queries(1):
        assert row_count(Store.objects.all(), limit=3) == RowCount("3")


def test_above_the_limit_the_planner_estimates(organization: Organization) -> None:
    StoreFactory.create_batch(123, organization=organization)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE organizations_store")
    assert row_count(Store.objects.all(), limit=2) == RowCount("about 120", is_exact=False)
    assert row_count(Store.objects.filter(name="x"), limit=2) == RowCount("0")


def test_an_estimate_below_the_limit_is_not_shown(organization: Organization) -> None:
    StoreFactory.create_batch(3, organization=organization)
    assert row_count(Store.objects.filter(code__in=Store.objects.values("code"), is_active=True), limit=2).text == "more than 2"
