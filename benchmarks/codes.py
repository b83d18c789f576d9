"""Row about codes of coupons: a worker's run beside COPY of the ready codes."""

import time
from typing import Final

from benchmarks.organization import load_bench
from benchmarks.results import Result, Target
from benchmarks.servers import database
from benchmarks.yardsticks.copying import copy_again, last_ids
from engagement.coupons.generation import work_run
from engagement.coupons.models import CodeRun, CouponSeries
from loyalty_project import clock
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

CODES_ORGANIZATION: Final = "codesbench"


def measure_codes(*, codes: int, rounds: int) -> Result:
    """Row: so many codes of a series in each of `rounds` runs; behind each run, the COPY of all that it wrote."""
    organization = load_bench(CODES_ORGANIZATION)
    ours, bare, copied = [], [], {}
    # The first run also makes the row that counts the codes of the series.
    work_run(_run_of(organization, 1).pk, organization=organization)
    for _ in range(rounds):
        run = _run_of(organization, codes)
        before = last_ids(database())
        begun = time.perf_counter()
        work_run(run.pk, organization=organization)
        ours.append(codes / (time.perf_counter() - begun))
        again = copy_again(database(), before)
        bare.append(codes / again.seconds)
        copied = dict(again.rows)
    return Result(
        name="coupon codes, beside COPY of ready codes",
        unit="codes/s",
        target=Target(value=0.5),
        yardstick=bare,
        ours=ours,
        note=f"{rounds} runs of {codes:,} codes",
        more={"copied": copied},
    )


def _run_of(organization: Organization, codes: int) -> CodeRun:
    """A run without a job: the benchmark is its worker."""
    with organization_scope(organization):
        return CodeRun.objects.create(
            organization=organization,
            series=CouponSeries.objects.get(),
            wanted=codes,
            requested_at=clock.now(),
            requested_by="bench",
        )
