"""Eight workers redeem one coupon, and issue the last coupons of a series, at the same moment: no limit is passed.

The twins show that the tests can fail: without the locks a constraint refuses all but one worker, without the constraint the
locks suffice.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from customers.profile import locks
from customers.profile.models import Customer
from engagement.coupons import counts, issuing, reactivating, redeeming
from engagement.coupons.codes import CONSTRAINTS
from engagement.coupons.models import Coupon, CouponRedemption, CouponReversal, SeriesIssues
from loyalty_project.db.errors import constraint_name
from organizations.tenancy.scoping import organization_scope, unscoped
from tests.factories.chains import Chain, member, open_chain
from tests.factories.coupons import hold, open_series, refusal_of, use_of
from tests.races import all_read_before, race, remove_row_locks

WORKERS = 8
# 200 tries in all.
TRIES = 25
MOBILE = {"mobile": "9812345678"}

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def chain(transactional_db: None) -> Chain:
    return open_chain()


@pytest.fixture
def asha(chain: Chain) -> Customer:
    with organization_scope(chain.organization), transaction.atomic():
        return member(chain, 0).customer


def at_once(chain: Chain, work: Callable[[int], object], *, tries: int = TRIES) -> Counter[int]:
    """How often each code came if every worker does the work again and again: 0 is success; of constraints the code below 0."""

    def attempt(number: int) -> int:
        with organization_scope(chain.organization):
            try:
                return refusal_of(lambda: work(number))
            except IntegrityError as error:
                return -int(CONSTRAINTS[constraint_name(error) or ""])

    return Counter(race([list(range(tries)) for _ in range(WORKERS)], attempt))


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    remove_row_locks(monkeypatch, locks, redeeming, reactivating)


@contextmanager
def without_constraint(table: str, name: str, definition: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with unscoped("the constraint needs clean rows"), connection.cursor() as cursor:
            cursor.execute("TRUNCATE engagement_couponseries CASCADE")
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def coupon_of(chain: Chain, asha: Customer, **terms: object) -> Coupon:
    with organization_scope(chain.organization), transaction.atomic():
        return hold(asha, open_series(chain.organization, **terms), by=chain.blr)


def redeem_at_once(chain: Chain, coupon: Coupon, *, tries: int = TRIES) -> Counter[int]:
    return at_once(chain, lambda _: redeeming.redeem_coupon(use_of(coupon), by=chain.blr), tries=tries)


def is_used_once(coupon: Coupon) -> bool:
    with organization_scope(coupon.organization_id):
        coupon.refresh_from_db()
        return coupon.uses == CouponRedemption.objects.filter(coupon=coupon).count() == 1


def test_one_of_two_hundred_redeems_a_coupon_of_one_use(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha)
    assert redeem_at_once(chain, coupon) == {0: 1, 711: WORKERS * TRIES - 1}
    assert is_used_once(coupon)


def test_twin_without_locks_redeems_once_by_the_constraint(
    chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    coupon = coupon_of(chain, asha)
    without_locks(monkeypatch)
    with all_read_before(redeeming, "count_use", workers=WORKERS):
        assert redeem_at_once(chain, coupon, tries=1) == {0: 1, -696: WORKERS - 1}
    assert is_used_once(coupon)


def test_twin_without_the_constraint_redeems_once_by_the_locks(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha)
    definition = "CHECK (most_uses IS NULL OR uses <= most_uses)"
    with without_constraint("engagement_coupon", "coupon_uses_within_limit", definition):
        assert redeem_at_once(chain, coupon) == {0: 1, 711: WORKERS * TRIES - 1}
        assert is_used_once(coupon)


def issue_at_once(chain: Chain, *, tries: int = TRIES) -> Counter[int]:
    request = issuing.IssueRequest(series="TENTH", references=MOBILE)
    return at_once(chain, lambda _: issuing.issue_coupon(request, by=chain.blr), tries=tries)


def issued(chain: Chain) -> tuple[int, int]:
    with organization_scope(chain.organization):
        return SeriesIssues.objects.get().issued, Coupon.objects.count()


def open_limited(chain: Chain, **terms: object) -> None:
    with organization_scope(chain.organization):
        open_series(chain.organization, **terms)


def test_a_series_issues_its_maximum_to_eight_workers(chain: Chain) -> None:
    open_limited(chain, max_coupons=50)
    with organization_scope(chain.organization), transaction.atomic():
        people = [member(chain, 0, mobile=f"9198123456{number:02}").customer_id for number in range(WORKERS)]
    request = [issuing.IssueRequest(series="TENTH", references={"id": str(pk)}) for pk in people]

    def issue(job: issuing.IssueRequest) -> int:
        with organization_scope(chain.organization):
            return refusal_of(lambda: issuing.issue_coupon(job, by=chain.blr))

    assert Counter(race([[job] * TRIES for job in request], issue)) == {0: 50, 712: WORKERS * TRIES - 50}
    assert issued(chain) == (50, 50)


def test_twin_without_the_lock_of_the_count_keeps_the_maximum(
    chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_limited(chain, max_coupons=1)
    with organization_scope(chain.organization):
        SeriesIssues.objects.create(organization=chain.organization, series_id=_series(chain), issued=0)
    without_locks(monkeypatch)
    read = "SELECT series_id, issued FROM engagement_seriesissues WHERE organization_id = %(organization)s"
    monkeypatch.setattr(counts, "_LOCK", f"{read} AND series_id = ANY(%(series)s::bigint[])")
    with all_read_before(counts, "write_rows", workers=WORKERS):
        assert issue_at_once(chain, tries=1) == {0: 1, -712: WORKERS - 1}
    assert issued(chain) == (1, 1)


def test_twin_without_the_constraint_keeps_the_maximum_by_the_lock(chain: Chain, asha: Customer) -> None:
    open_limited(chain, max_coupons=5)
    definition = "CHECK (most IS NULL OR issued <= most)"
    with without_constraint("engagement_seriesissues", "coupon_series_within_max", definition):
        assert issue_at_once(chain) == {0: 5, 712: WORKERS * TRIES - 5}
        assert issued(chain) == (5, 5)


def test_a_customer_gets_their_maximum_from_eight_workers(chain: Chain, asha: Customer) -> None:
    open_limited(chain, max_per_customer=3)
    assert issue_at_once(chain) == {0: 3, 722: WORKERS * TRIES - 3}
    assert issued(chain) == (3, 3)


def test_twin_without_locks_gives_a_customer_one_by_the_constraint(
    chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_limited(chain, max_per_customer=1)
    with organization_scope(chain.organization):
        SeriesIssues.objects.create(organization=chain.organization, series_id=_series(chain), issued=0)
    without_locks(monkeypatch)
    read = "SELECT series_id, issued FROM engagement_seriesissues WHERE organization_id = %(organization)s"
    monkeypatch.setattr(counts, "_LOCK", f"{read} AND series_id = ANY(%(series)s::bigint[])")
    with all_read_before(issuing, "insert_with_ids", workers=WORKERS):
        assert issue_at_once(chain, tries=1) == {0: 1, -722: WORKERS - 1}
    assert issued(chain) == (1, 1)


def test_twin_without_the_constraint_limits_a_customer_by_the_locks(chain: Chain, asha: Customer) -> None:
    open_limited(chain, max_per_customer=3)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX coupon_nth_of_customer_unique")
    try:
        assert issue_at_once(chain) == {0: 3, 722: WORKERS * TRIES - 3}
        assert issued(chain) == (3, 3)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX coupon_nth_of_customer_unique ON engagement_coupon"
                " (organization_id, issued_to_id, series_id, nth) WHERE nth IS NOT NULL"
            )


def test_a_redemption_is_reversed_once(chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    coupon = coupon_of(chain, asha)
    with organization_scope(chain.organization), transaction.atomic():
        used = redeeming.redeem_coupon(use_of(coupon), by=chain.blr)
    key = str(used.redemption.pk)
    assert at_once(chain, lambda _: reactivating.reactivate_coupon(key, by=chain.blr), tries=1) == {0: WORKERS}
    with organization_scope(chain.organization):
        assert CouponReversal.objects.count() == 1
        coupon.refresh_from_db()
    assert coupon.uses == 0


def test_twin_without_locks_reverses_once_by_the_constraint(
    chain: Chain, asha: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    coupon = coupon_of(chain, asha)
    with organization_scope(chain.organization), transaction.atomic():
        used = redeeming.redeem_coupon(use_of(coupon), by=chain.blr)
    without_locks(monkeypatch)
    key = str(used.redemption.pk)
    with all_read_before(reactivating.clock, "now", workers=WORKERS):
        codes = at_once(chain, lambda _: reactivating.reactivate_coupon(key, by=chain.blr), tries=1)
    assert codes == {0: 1, -510: WORKERS - 1}


def test_a_coupon_waits_for_a_merge_of_its_customer(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha)
    with organization_scope(chain.organization), transaction.atomic():
        other = member(chain, 0, mobile="919812345679").customer
        Coupon.objects.filter(pk=coupon.pk).update(customer=other)
        with pytest.raises(OperationalError, match="another customer"):
            reactivating.lock_coupon(coupon)


def _series(chain: Chain) -> int:
    return issuing.load_series().named("TENTH").series.pk  # type: ignore[union-attr]  # the test has opened it
