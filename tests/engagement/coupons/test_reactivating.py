"""Redemptions of coupons taken back, and coupons ended by staff."""

import pytest
import time_machine
from django.db import IntegrityError, transaction

from customers.profile.models import Customer
from engagement.coupons.models import CouponReversal
from engagement.coupons.reactivating import CouponStateError, Reactivated, expire_coupon, reactivate_coupon
from loyalty_project import clock
from organizations.audit.models import AuditEntry
from tests.factories.chains import Chain
from tests.factories.coupons import hold, open_series, refusal_of, use


def reactivate(chain: Chain, redemption_id: object, reason: str = "") -> Reactivated:
    with transaction.atomic():
        return reactivate_coupon(str(redemption_id), by=chain.delhi, reason=reason)


def test_a_reversed_redemption_no_longer_counts(chain: Chain, asha: Customer) -> None:
    coupon = hold(asha, open_series(chain.organization), by=chain.blr)
    used = use(coupon, chain.blr, transaction_number="B1")
    done = reactivate(chain, used.redemption.pk, "The till was wrong")
    assert (done.redemption, done.coupon, done.uses_left, done.notices) == (used.redemption, coupon, 1, ())
    reversal = CouponReversal.objects.get()
    assert (reversal.till, reversal.store, reversal.reason) == (chain.delhi.till, chain.delhi.store, "The till was wrong")
    entry = AuditEntry.objects.get(action="reactivated")
    assert entry.new == {"customer": asha.pk, "redemption": used.redemption.pk, "reason": "The till was wrong"}
    again = use(coupon, chain.blr, transaction_number="B1")
    assert again.redemption != used.redemption


def test_a_second_reversal_changes_nothing_and_warns(chain: Chain, asha: Customer) -> None:
    coupon = hold(asha, open_series(chain.organization, redemptions_per_coupon=0), by=chain.blr)
    used = use(coupon, chain.blr)
    first, second = reactivate(chain, used.redemption.pk), reactivate(chain, used.redemption.pk)
    assert (first.notices, [int(notice.code) for notice in second.notices]) == ((), [510])
    assert second.uses_left is None
    coupon.refresh_from_db()
    assert coupon.uses == 0


def test_ids_that_name_no_redemption_are_refused(chain: Chain) -> None:
    assert [refusal_of(lambda name=name: reactivate(chain, name)) for name in ("", "x", "999999999")] == [661, 510, 510]


def test_an_expired_coupon_is_reversed_but_stays_expired(chain: Chain, asha: Customer) -> None:
    coupon = hold(asha, open_series(chain.organization, valid_days=1), by=chain.blr)
    used = use(coupon, chain.blr)
    with time_machine.travel("2040-01-01", tick=False):
        assert reactivate(chain, used.redemption.pk).uses_left == 1
        assert refusal_of(lambda: use(coupon, chain.blr)) == 713


def test_an_ended_coupon_is_no_longer_good(chain: Chain, asha: Customer) -> None:
    coupon = hold(asha, open_series(chain.organization), by=chain.blr)
    with transaction.atomic():
        ended = expire_coupon(coupon, by=chain.blr, reason="Printed twice")
    assert ended.valid_till < clock.now()
    assert refusal_of(lambda: use(coupon, chain.blr)) == 713
    entry = AuditEntry.objects.get(action="expired")
    assert (entry.new["reason"], entry.old) == ("Printed twice", {"valid_till": coupon.valid_till.isoformat()})
    with pytest.raises(CouponStateError, match="already"), transaction.atomic():
        expire_coupon(coupon, by=chain.blr, reason="Again")


def test_reversals_are_append_only(chain: Chain, asha: Customer) -> None:
    used = use(hold(asha, open_series(chain.organization), by=chain.blr), chain.blr)
    reactivate(chain, used.redemption.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponReversal.objects.update(reason="Other")
