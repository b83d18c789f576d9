"""Coupon series of the organization file: rows, versions, and the file again."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engagement.coupons.models import CouponSeries, CouponSeriesVersion
from organizations.audit.models import AuditEntry
from organizations.organization_file.loading import LoadReport
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, problems_of, small
from use_cases.organization_file import check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
SPRING: dict[str, Any] = {
    "code": "SPRING",
    "external_id": 1132,
    "name": "Spring days",
    "description": "Ten percent off",
    "discount_type": "PERC",
    "discount_value": 10,
    "discount_code": "S10",
    "valid_till": date(2027, 12, 31),
    "starts_on": date(2027, 3, 1),
    "min_bill_amount": 50,
    "max_discount": 20,
    "redemptions_per_coupon": 2,
    "max_coupons": 10000,
    "max_per_customer": 1,
    "stores": ["main"],
    "custom_properties": {"colour": "red"},
}
PLAIN: dict[str, Any] = {"code": "PLAIN", "discount_type": "FLAT", "discount_value": 5}


def loaded(*series: dict[str, Any], dry_run: bool = False) -> LoadReport:
    return load_organization(check({**small(), "coupon_series": deepcopy(list(series))}), dry_run=dry_run)


def reload(organization: Organization) -> list[str]:
    """What loading its own dump changes."""
    return load_organization(check_document(dump_organization(organization).encode(), environment={})).lines


def versions(code: str) -> list[int]:
    return sorted(CouponSeriesVersion.objects.filter(series__code=code).values_list("number", flat=True))


def numbers() -> dict[str, int | None]:
    return dict(CouponSeries.objects.values_list("code", "external_id"))


def test_a_series_gets_its_row_and_its_first_version() -> None:
    report = loaded(SPRING)
    assert report.lines[-1] == "coupon_series[0]: created coupon series SPRING"
    assert report.stored == []
    with organization_scope(report.organization):
        series = CouponSeries.objects.get()
        assert (series.code, series.external_id, series.is_active) == ("SPRING", 1132, True)
        version = CouponSeriesVersion.objects.get()
        assert (version.series, version.number) == (series, 1)
        assert version.terms == {
            **{key: value for key, value in SPRING.items() if key not in {"code", "external_id"}},
            "valid_till": "2027-12-31",
            "starts_on": "2027-03-01",
        }


def test_the_dump_of_series_loads_without_a_change() -> None:
    organization = loaded(SPRING, PLAIN).organization
    assert reload(organization) == []
    assert loaded(SPRING, PLAIN).lines == []


def test_changed_terms_add_a_version_and_print_the_difference() -> None:
    loaded(PLAIN)
    report = loaded({**PLAIN, "discount_value": Decimal("7.5"), "max_coupons": 3})
    assert report.lines == ["coupon_series[0].discount_value: 5 -> 7.5", "coupon_series[0].max_coupons: null -> 3"]
    with organization_scope(report.organization):
        assert versions("PLAIN") == [1, 2]
        assert list(AuditEntry.objects.filter(object_type="couponseriesversion").values_list("action", flat=True)) == [
            "created",
            "created",
        ]


def test_a_changed_number_or_switch_adds_no_version() -> None:
    loaded(PLAIN)
    report = loaded({**PLAIN, "external_id": 8, "active": False})
    assert report.lines == ["coupon_series[0].external_id: null -> 8", "coupon_series[0].active: true -> false"]
    with organization_scope(report.organization):
        assert versions("PLAIN") == [1]


def test_a_series_that_the_file_drops_is_switched_off_and_stays() -> None:
    loaded(PLAIN, SPRING)
    report = loaded(PLAIN)
    assert report.lines == ["coupon series SPRING: no longer named, deactivated"]
    with organization_scope(report.organization):
        assert not CouponSeries.objects.get(code="SPRING").is_active
    assert reload(report.organization) == []


def test_two_series_may_exchange_their_numbers() -> None:
    loaded({**PLAIN, "external_id": 1}, {**SPRING, "external_id": 2})
    report = loaded({**PLAIN, "external_id": 2}, {**SPRING, "external_id": 1})
    with organization_scope(report.organization):
        assert numbers() == {"PLAIN": 2, "SPRING": 1}


def test_a_number_goes_from_a_dropped_series_to_a_new_one() -> None:
    loaded({**PLAIN, "external_id": 1})
    report = loaded({**SPRING, "external_id": 1})
    assert "coupon series PLAIN.external_id: 1 -> null" in report.lines
    with organization_scope(report.organization):
        assert numbers() == {"PLAIN": None, "SPRING": 1}


def test_a_dry_run_leaves_no_series() -> None:
    organization = loaded().organization
    assert loaded(PLAIN, dry_run=True).lines == ["coupon_series[0]: created coupon series PLAIN"]
    with organization_scope(organization):
        assert not CouponSeries.objects.exists()


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({"starts_on": date(2027, 3, 2), "valid_till": date(2027, 3, 1)}, "valid_till", "must not be before starts_on"),
        ({"max_coupons": 0}, "max_coupons", "must be from 1 to 1000000000"),
        ({"max_per_customer": 0}, "max_per_customer", "must be from 1 to 1000000"),
        ({"min_bill_amount": -1}, "min_bill_amount", "must be at least 0"),
        ({"external_id": 0}, "external_id", "must be from 1 to 999999999999999999"),
    ],
)
def test_malformed_keys_are_problems(changes: dict[str, Any], key: str, message: str) -> None:
    assert problems_of({**small(), "coupon_series": [{**PLAIN, **changes}]}) == {f"coupon_series[0].{key}": message}


def test_a_number_of_two_series_is_a_problem() -> None:
    series = [{**PLAIN, "external_id": 4}, {**SPRING, "external_id": 4}]
    assert problems_of({**small(), "coupon_series": series}) == {"coupon_series[1].external_id": "is that of coupon_series[0]"}
