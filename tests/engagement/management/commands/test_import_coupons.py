"""Coupons and their redemptions from files (docs/imports.md)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.profile.models import Customer
from engagement.coupons.models import Coupon, CouponRedemption, SeriesIssues
from organizations.tenancy.scoping import organization_scope
from tests.factories.chains import NOON, Chain, member, open_chain
from tests.factories.coupons import open_series
from tests.factories.webhooks import announced, listen
from tests.imports import Outcome, rejects, run_import, write_lines

COLUMNS = "id,series,code,created_date,valid_till,till_code,redeemed_on,redeemed_till,transaction_number"
Bring = Callable[..., Outcome]

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain() -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False):
        chain = open_chain()
        with organization_scope(chain.organization):
            yield chain


@pytest.fixture
def asha(chain: Chain) -> Customer:
    return member(chain, 0).customer


@pytest.fixture
def bring(chain: Chain, tmp_path: Path) -> Bring:
    """Imports rows under a header; rejected rows are in `errors.csv`."""

    def bring(*rows: str, header: str = COLUMNS, options: tuple[str, ...] = ()) -> Outcome:
        path = write_lines(tmp_path / "coupons.csv", header, *rows)
        return run_import("import_coupons", path, "--errors", str(tmp_path / "errors.csv"), *options)

    return bring


def codes(tmp_path: Path) -> list[tuple[str, str]]:
    return [(row["error_code"], row["error_detail"]) for row in rejects(tmp_path / "errors.csv")]


def test_a_coupon_comes_in_with_its_redemption(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization, redemptions_per_coupon=2)
    row = f"{asha.pk},TENTH,Cpn1,2026-01-05 10:00:00,2026-12-31,blr.till1,2026-02-01 11:00:00,del.till1,T-77"
    assert bring(row).counts == (1, 0, 0, 0)
    coupon = Coupon.objects.get()
    assert (coupon.customer, coupon.code, coupon.till, coupon.uses) == (asha, "Cpn1", chain.blr.till, 1)
    assert f"{coupon.issued_at:%F %T} {coupon.valid_till:%F %T}" == "2026-01-05 04:30:00 2026-12-31 18:29:59"
    use = CouponRedemption.objects.get()
    assert (use.coupon, use.till, use.transaction_number) == (coupon, chain.delhi.till, "T-77")
    assert (f"{use.redeemed_at:%F %T}", use.store, use.made_by) == (
        "2026-02-01 05:30:00",
        chain.delhi.store,
        "command:import_coupons",
    )
    assert SeriesIssues.objects.get().issued == 1


def test_imported_coupons_and_redemptions_are_announced(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization)
    listen(chain.organization, "coupon.issued", "coupon.redeemed")
    bring(f"{asha.pk},TENTH,CPN1,2026-01-05,,,2026-02-01,,T-77", f"{asha.pk},TENTH,CPN2,2026-01-06,,,,,")
    assert [(event.kind, event.facts["code"]) for event in announced()] == [
        ("coupon.issued", "CPN1"), ("coupon.issued", "CPN2"), ("coupon.redeemed", "CPN1"),
    ]  # fmt: skip
    assert announced()[2].facts["transaction_number"] == "T-77"


def test_the_same_file_again_changes_nothing(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization, max_per_customer=3)
    rows = [
        f"{asha.pk},TENTH,CPN1,2026-01-05,,,2026-02-01,,T-77",
        f"{asha.pk},TENTH,,2026-01-05,,,,,T-1",
        f"{asha.pk},TENTH,,2026-01-06,,,2026-02-01,,T-2",
    ]
    assert bring(*rows).counts == (3, 0, 0, 0)
    assert bring(*rows).counts == (0, 0, 3, 0)
    assert bring(rows[0].replace("CPN1", "cpn1")).counts == (0, 0, 1, 0)
    assert (Coupon.objects.count(), CouponRedemption.objects.count()) == (3, 2)


def test_a_later_file_adds_redemptions_and_moves_the_end(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization)
    bring(f"{asha.pk},TENTH,CPN1,2026-01-05,,,,,")
    assert bring(f"{asha.pk},TENTH,CPN1,,,,2026-02-01,,T-77").counts == (0, 1, 0, 0)
    assert bring(f"{asha.pk},TENTH,CPN1,,2027-01-01 12:00:00,,,,").counts == (0, 1, 0, 0)
    coupon = Coupon.objects.get()
    assert (coupon.uses, f"{coupon.valid_till:%F %T}") == (1, "2027-01-01 06:30:00")


def test_a_row_with_neither_code_nor_date_nor_number_issues_each_time(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization)
    row = f"{asha.pk},TENTH,,,,,,,"
    assert bring(row, row).counts == (2, 0, 0, 0)
    assert len(set(Coupon.objects.values_list("code", flat=True))) == 2


def test_rows_of_one_batch_see_earlier_ones(chain: Chain, asha: Customer, bring: Bring, tmp_path: Path) -> None:
    open_series(chain.organization)
    rows = [
        f"{asha.pk},TENTH,CPN1,2026-01-05,,,,,",
        f"{asha.pk},TENTH,CPN1,2026-01-05,,,2026-02-01,,T-1",
        f"{asha.pk},TENTH,cpn1,2026-01-05,,,2026-02-02,,T-2",
    ]
    assert bring(*rows).counts == (1, 1, 0, 1)
    assert codes(tmp_path)[0][0] == "711"


def test_limits_of_a_series_count_imported_coupons(chain: Chain, asha: Customer, bring: Bring, tmp_path: Path) -> None:
    open_series(chain.organization, max_coupons=2, max_per_customer=1)
    other, third = (member(chain, 0, mobile=f"91981234567{number}").customer for number in (0, 1))
    rows = [f"{asha.pk},TENTH,A,,,,,,", f"{asha.pk},TENTH,B,,,,,,", f"{other.pk},TENTH,C,,,,,,", f"{third.pk},TENTH,D,,,,,,"]
    assert bring(*rows, rows[1]).counts == (2, 0, 0, 3)
    assert [code for code, _ in codes(tmp_path)] == ["722", "712", "722"]
    assert SeriesIssues.objects.get().issued == 2


def test_a_series_that_is_over_or_off_still_takes_history(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization, valid_till="2020-12-31", is_active=False)
    assert bring(f"{asha.pk},TENTH,A,2020-01-01,,,2020-02-01,,").counts == (1, 0, 0, 0)


def test_the_last_use_of_several_is_696(chain: Chain, asha: Customer, bring: Bring, tmp_path: Path) -> None:
    open_series(chain.organization, redemptions_per_coupon=2)
    rows = [f"{asha.pk},TENTH,A,,,,2026-02-0{day},," for day in (1, 2, 3)]
    assert bring(*rows).counts == (1, 1, 0, 1)
    assert codes(tmp_path)[0][0] == "696"


def test_refused_rows_say_why(chain: Chain, asha: Customer, bring: Bring, tmp_path: Path) -> None:
    open_series(chain.organization)
    open_series(chain.organization, "OTHER")
    other = member(chain, 0, mobile="919812345670").customer
    bring(f"{asha.pk},TENTH,A,2026-01-05,,,,,")
    rows = [
        f"{asha.pk},NONE,B,,,,,,",
        f"{asha.pk},TENTH,B,,,nowhere,,,",
        f"{asha.pk},TENTH,B,,,,,del.till1,",
        f"{asha.pk},TENTH,B,2026-06-01,,,,,",
        f"{other.pk},TENTH,A,,,,,,",
        f"{asha.pk},OTHER,A,,,,,,",
        f"{asha.pk},TENTH,A,2026-01-06,,,,,",
        "999999999,TENTH,B,,,,,,",
        f"{asha.pk},,B,,,,,,",
    ]
    assert bring(*rows).counts == (0, 0, 0, 9)
    assert [code for code, _ in codes(tmp_path)] == ["707", "1150", "400", "400", "710", "400", "400", "1011", "400"]
    details = [detail for _, detail in codes(tmp_path)]
    assert details[0] == 'series: "NONE" is not a coupon series of the organization'
    assert details[2] == 'redeemed_till: "del.till1" does not go without redeemed_on'
    assert details[5] == 'series: "OTHER" is another series than that of the stored coupon'


def test_a_dry_run_counts_and_stores_nothing(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization, max_per_customer=1)
    rows = [f"{asha.pk},TENTH,A,,,,,,", f"{asha.pk},TENTH,B,,,,,,"]
    assert bring(*rows, options=("--dry-run",)).counts == (1, 0, 0, 1)
    assert not Coupon.objects.exists()


def test_unknown_columns_end_the_run(bring: Bring) -> None:
    outcome = bring("1,TENTH,x", header="id,series,colour")
    assert outcome.status == 2


def test_a_batch_costs_the_same_for_any_number_of_rows(chain: Chain, asha: Customer, bring: Bring) -> None:
    open_series(chain.organization, max_per_customer=50, redemptions_per_coupon=2)

    def cost(name: str, count: int) -> int:
        rows = [f"{asha.pk},TENTH,{name}{number},2026-01-05,,,2026-02-01,," for number in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as captured:
            bring(*rows)
        return len(captured)

    cost("WARM", 1)
    assert cost("ONE", 1) == cost("THREE", 3)
