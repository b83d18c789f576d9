"""Runs of codes in the back office: asked for, followed and downloaded."""

import pytest
from django.test import Client

from engagement.coupons.generation import work_run
from engagement.coupons.models import CodeRun, Coupon, CouponSeries
from organizations.locations.models import Store
from organizations.tenancy.scoping import organization_scope
from tests.back_office import list_of, log_in, page_of
from tests.factories.coupons import open_series
from tests.factories.staff import StaffMemberFactory

RUNS, SERIES = "engagement_coderun", "engagement_couponseries"


@pytest.fixture
def series(store: Store) -> CouponSeries:
    with organization_scope(store.organization):
        return open_series(store.organization).series


def generate(client: Client, series: CouponSeries, count: str) -> object:
    return client.post(page_of(SERIES, series).replace("/change/", "/generate/"), {"count": count})


def test_codes_are_asked_for_followed_and_downloaded(administrator: Client, series: CouponSeries) -> None:
    assert generate(administrator, series, "3").status_code == 302
    run = CodeRun.objects.get()
    assert "0 of 3 (0 %)" in administrator.get(page_of(RUNS, run)).content.decode()
    work_run(run.pk, organization=series.organization)
    page = administrator.get(list_of(RUNS)).content.decode()
    assert "3 of 3 (100 %)" in page
    assert "done" in page
    answer = administrator.get(page_of(RUNS, run).replace("/change/", "/download/"))
    assert answer.headers["Content-Disposition"] == f'attachment; filename="codes-{run.pk}.csv"'
    head, *lines = b"".join(answer).decode().splitlines()
    assert head == "code,series,valid_till"
    assert sorted(line.split(",")[0] for line in lines) == sorted(Coupon.objects.values_list("code", flat=True))


@pytest.mark.parametrize("count", ["0", "-1", "x", "5000001", ""])
def test_odd_numbers_are_refused(administrator: Client, series: CouponSeries, count: str) -> None:
    assert generate(administrator, series, count).status_code == 200
    assert not CodeRun.objects.exists()


def test_a_run_that_ended_early_says_why(administrator: Client, store: Store) -> None:
    with organization_scope(store.organization):
        series = open_series(store.organization, max_coupons=1).series
    generate(administrator, series, "2")
    run = work_run(CodeRun.objects.get().pk, organization=series.organization)
    page = administrator.get(page_of(RUNS, run)).content.decode()
    assert "ended early" in page
    assert "issued all the coupons" in page


def test_only_administrators_generate(series: CouponSeries, store: Store) -> None:
    manager = log_in(StaffMemberFactory(organization=store.organization, role="store_manager", stores=[store]))
    assert generate(manager, series, "3").status_code == 403
