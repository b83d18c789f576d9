"""The catalog of coupon series."""

from pytest_django import DjangoAssertNumQueries

from engagement.coupons.catalog import load_series
from engagement.coupons.models import CouponSeries
from organizations.locations.models import Store
from tests.factories.coupons import CouponSeriesFactory, CouponSeriesVersionFactory, open_series


def test_a_series_is_found_by_its_number_then_our_id_then_its_code(store: Store) -> None:
    first = open_series(store.organization, "FIRST").series
    second = open_series(store.organization, str(first.pk)).series
    catalog = load_series()
    assert catalog.named(str(first.pk)).series == first
    assert catalog.named("FIRST").series == first
    CouponSeries.objects.filter(pk=second.pk).update(external_id=first.pk)
    assert load_series().named(str(first.pk)).series == second
    assert catalog.named("first") is None
    assert catalog.named("") is None


def test_the_newest_version_is_current_and_older_terms_stay(
    store: Store, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    series = CouponSeriesFactory(organization=store.organization)
    versions = [
        CouponSeriesVersionFactory(series=series, number=number, terms={"discount_type": "FLAT", "discount_value": number})
        for number in (2, 1)
    ]
    with django_assert_num_queries(1):
        catalog = load_series()
    assert catalog.by_id[series.pk].terms.discount_value == 2
    assert [catalog.terms[version.pk].discount_value for version in versions] == [2, 1]


def test_versions_whose_coupons_are_good_at_a_store(store: Store) -> None:
    everywhere, here, _ = (
        open_series(store.organization, code, **terms)
        for code, terms in (("ALL", {}), ("HERE", {"stores": [store.code]}), ("THERE", {"stores": ["other"]}))
    )
    assert load_series().versions_at([store.code]) == [everywhere.version.pk, here.version.pk]
    assert load_series().versions_at([]) == []
