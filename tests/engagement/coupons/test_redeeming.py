"""Redemption of coupons at a till, and the check whether one may be redeemed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from engagement.coupons.codes import BELOW_MINIMUM, BILL_REQUIRED
from engagement.coupons.models import Coupon, CouponRedemption
from engagement.coupons.redeeming import CouponUse, Usable, UsableQuestion, check_usable, redeem_coupon
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.models import AuditEntry
from tests.factories.bills import BillFactory
from tests.factories.chains import NOON, Chain, member
from tests.factories.coupons import CouponSeriesVersionFactory, hold, open_series, refusal_of, use
from tests.factories.statuses import CustomerStatusFactory, label


def coupon_of(chain: Chain, customer: Customer | None, **terms: Any) -> Coupon:
    """A coupon of a series of its own; without a customer a printed code."""
    series = open_series(chain.organization, f"SERIES{Coupon.objects.count()}", **terms)
    if customer is not None:
        return hold(customer, series, by=chain.blr)
    coupon = hold(member(chain, 0, mobile="919812345600").customer, series, by=chain.blr)
    Coupon.objects.update(customer=None, issued_to=None, nth=None)
    coupon.refresh_from_db()
    return coupon


def refused(chain: Chain, **sent: Any) -> int:
    return refusal_of(lambda: redeem_coupon(CouponUse(**sent), by=chain.blr))


def usable(chain: Chain, coupon: Coupon, customer: Customer, **more: Any) -> Usable:
    question = UsableQuestion(code=coupon.code, references={"id": str(customer.pk)}, **more)
    return check_usable(question, by=chain.blr)


@time_machine.travel(NOON, tick=False)
def test_a_redemption_keeps_what_the_till_said(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, redemptions_per_coupon=2)
    fields = [{"name": "lane", "value": "3"}, {"name": "", "value": "x"}, {"name": "long", "value": "x" * 251}]
    used = use(
        coupon, chain.blr, transaction_number="B1", amount="250.5", discount="25.05", redeemed_at="2026-05-01 10:00:00",
        custom_fields=fields,
    )  # fmt: skip
    row = CouponRedemption.objects.get()
    assert (used.redemption, used.customer_id, used.notices, used.is_replay) == (row, asha.pk, (), False)
    assert (row.transaction_number, row.amount, row.discount) == ("B1", Decimal("250.5"), Decimal("25.05"))
    assert (row.redeemed_at, row.recorded_at) == (NOON - timedelta(hours=2), NOON)
    assert (row.till, row.store, row.custom_fields) == (chain.blr.till, chain.blr.store, [{"name": "lane", "value": "3"}])
    coupon.refresh_from_db()
    assert coupon.uses == 1
    entry = AuditEntry.objects.get(object_type="coupon", action="redeemed")
    assert entry.new == {"customer": asha.pk, "redemption": row.pk}


def test_a_coupon_is_found_without_case_or_by_its_id(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, redemptions_per_coupon=0)
    use(coupon, chain.blr, code=coupon.code.lower())
    use(coupon, chain.blr, code="", coupon_id=str(coupon.pk))
    assert CouponRedemption.objects.filter(coupon=coupon).count() == 2


def test_the_first_checks_have_an_order(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha)
    other = {"id": str(member(chain, 0, mobile="919812345679").customer_id)}
    assert refused(chain, transaction_number="x" * 101) == 709
    assert refused(chain) == 702
    assert refused(chain, code="NOSUCH") == 701
    assert refused(chain, code=coupon.code, references={"mobile": "9812345670"}) == 701
    assert refused(chain, code="NOSUCH", references=other) == 719
    assert refused(chain, coupon_id="no id", references=other) == 719
    assert refused(chain, code=coupon.code, references=other) == 710


def test_fraud_and_labels_block_the_use(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha)
    Customer.objects.filter(pk=asha.pk).update(fraud_status=Customer.FraudStatus.CONFIRMED)
    assert refusal_of(lambda: use(coupon, chain.blr)) == 740
    label(asha, CustomerStatusFactory(organization=chain.organization, blocks=["coupon_redeem"]))
    assert refusal_of(lambda: use(coupon, chain.blr)) == 742


def test_the_last_use_is_711_of_one_and_696_of_several(chain: Chain, asha: Customer) -> None:
    single, double = coupon_of(chain, asha), coupon_of(chain, asha, redemptions_per_coupon=2)
    assert [refusal_of(lambda: use(single, chain.blr)) for _ in range(2)] == [0, 711]
    assert [refusal_of(lambda: use(double, chain.blr)) for _ in range(3)] == [0, 0, 696]


def test_the_series_decides_by_its_newest_version(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, valid_till="2026-05-31", redemptions_per_coupon=0)
    with time_machine.travel("2026-05-31T18:29:59.9Z", tick=False):
        assert refusal_of(lambda: use(coupon, chain.blr)) == 0
    with time_machine.travel("2026-05-31T18:30:00Z", tick=False):
        assert refusal_of(lambda: use(coupon, chain.blr)) == 712
    longer = {"discount_type": "FLAT", "discount_value": 1, "valid_till": "2026-06-30"}
    CouponSeriesVersionFactory(series=coupon.series, number=2, terms=longer)
    with time_machine.travel("2026-05-31T18:30:00Z", tick=False):
        assert refusal_of(lambda: use(coupon, chain.blr)) == 713
    later = {"discount_type": "FLAT", "discount_value": 1, "starts_on": "2026-05-02"}
    CouponSeriesVersionFactory(series=coupon.series, number=3, terms=later)
    with time_machine.travel(NOON, tick=False):
        assert refusal_of(lambda: use(coupon, chain.blr)) == 712
    coupon.series.is_active = False
    coupon.series.save()
    with time_machine.travel("2026-05-02T06:30:00Z", tick=False):
        assert refusal_of(lambda: use(coupon, chain.blr)) == 712


def test_a_coupon_keeps_the_terms_of_its_issue(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, discount_value=10)
    terms = {"discount_type": "FLAT", "discount_value": 1, "stores": ["del"], "min_bill_amount": 1000}
    CouponSeriesVersionFactory(series=coupon.series, number=2, terms=terms)
    assert use(coupon, chain.blr, amount="5").terms.discount_value == 10


def test_stores_then_the_bill_then_the_time_are_checked(chain: Chain, asha: Customer) -> None:
    elsewhere = coupon_of(chain, asha, stores=["del"], min_bill_amount=50)
    bad = {"amount": "49.99", "discount": "lots", "redeemed_at": "noon"}
    assert refusal_of(lambda: use(elsewhere, chain.blr, **bad)) == 735
    here = coupon_of(chain, asha, stores=["blr"], min_bill_amount=50)
    assert refusal_of(lambda: use(here, chain.blr, **bad)) == 718
    assert refusal_of(lambda: use(here, chain.blr, **{**bad, "amount": "50"})) == 733
    assert refusal_of(lambda: use(here, chain.blr, amount="-50")) == 733
    assert refusal_of(lambda: use(here, chain.blr, redeemed_at="noon")) == 739
    tomorrow = f"{clock.now() + timedelta(days=1):%F %T}"
    assert refusal_of(lambda: use(here, chain.blr, redeemed_at=tomorrow)) == 739
    assert refusal_of(lambda: use(here, chain.blr)) == 0


def test_718_says_what_is_wrong_with_the_bill(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, min_bill_amount=50)
    with pytest.raises(LoyaltyError) as below:
        use(coupon, chain.blr, amount="49")
    chain.organization.flags = {"CONF_COUPON_TRANSACTION_NUMBER_REQUIRED": 1}
    chain.organization.save()
    with pytest.raises(LoyaltyError) as missing:
        use(coupon, chain.blr, amount="49")
    assert (below.value.sentence, missing.value.sentence) == (BELOW_MINIMUM, BILL_REQUIRED)
    assert (int(below.value.code), int(missing.value.code)) == (718, 718)


def test_the_same_bill_at_the_same_till_is_a_replay(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha)
    first = use(coupon, chain.blr, transaction_number="B1")
    again = use(coupon, chain.blr, transaction_number="B1")
    assert (again.redemption, again.is_replay, [int(notice.code) for notice in again.notices]) == (
        first.redemption,
        True,
        [711],
    )
    assert refusal_of(lambda: use(coupon, chain.delhi, transaction_number="B1")) == 711
    assert refusal_of(lambda: use(coupon, chain.blr)) == 711


def test_a_redemption_is_tied_to_the_bill_of_its_number(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, redemptions_per_coupon=0)
    earlier = BillFactory(till=chain.delhi.till, customer=asha, number="B1", billed_at=clock.now())
    assert use(coupon, chain.blr, transaction_number="B1").redemption.bill == earlier
    here = BillFactory(till=chain.blr.till, customer=asha, number="B1", billed_at=clock.now() - timedelta(minutes=1))
    assert use(coupon, chain.delhi, transaction_number=str(here.pk)).redemption.bill == here
    assert use(coupon, chain.delhi, transaction_number="B9").redemption.bill is None


def test_a_printed_code_becomes_the_coupon_of_who_redeems_it(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, None, max_per_customer=1, redemptions_per_coupon=2)
    assert refusal_of(lambda: use(coupon, chain.blr, references={"id": str(asha.pk)})) == 0
    coupon.refresh_from_db()
    assert (coupon.customer, coupon.issued_to, coupon.nth, coupon.uses) == (asha, asha, 1, 1)
    other = member(chain, 0, mobile="919812345679").customer
    assert refusal_of(lambda: use(coupon, chain.blr, references={"id": str(other.pk)})) == 710


def test_a_printed_code_counts_for_the_limit_of_a_customer(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, None, max_per_customer=1)
    own = Coupon(
        organization=chain.organization, series=coupon.series, version=coupon.version, customer=asha, issued_to=asha, nth=1,
        code="OWN", issued_at=NOON, recorded_at=NOON, valid_till=NOON, made_by="till:x",
    )  # fmt: skip
    own.save()
    assert refusal_of(lambda: use(coupon, chain.blr, references={"id": str(asha.pk)})) == 722


def test_a_usable_coupon_is_left_as_it_is(
    chain: Chain, asha: Customer, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    coupon = coupon_of(chain, asha, redemptions_per_coupon=2)
    usable(chain, coupon, asha)
    # The customer's id, the coupon, the version of the configuration, the customer.
    with django_assert_num_queries(4):
        answer = usable(chain, coupon, asha, amount="5")
    assert (answer.customer_id, answer.coupon, answer.uses_left, answer.refusal) == (asha.pk, coupon, 2, None)
    assert answer.terms is not None
    assert not CouponRedemption.objects.exists()


def test_refusals_of_the_question_keep_what_is_known(chain: Chain, asha: Customer) -> None:
    coupon = coupon_of(chain, asha, min_bill_amount=50)
    other = member(chain, 0, mobile="919812345679").customer
    use(coupon_of(chain, asha), chain.blr)

    def code(answer: Usable) -> int:
        return int(answer.refusal.code) if answer.refusal else 0

    assert [code(usable(chain, coupon, asha, amount=amount)) for amount in ("49.99", "50", "", "x")] == [718, 0, 0, 733]
    stranger = usable(chain, coupon, other)
    assert (code(stranger), stranger.customer_id, stranger.coupon) == (710, other.pk, coupon)
    nobody = check_usable(UsableQuestion(code=coupon.code, references={}), by=chain.blr)
    assert (code(nobody), nobody.customer_id) == (701, None)
    unknown = check_usable(UsableQuestion(code="NOSUCH", references={"id": str(asha.pk)}), by=chain.blr)
    assert (code(unknown), unknown.coupon, unknown.terms, unknown.uses_left) == (719, None, None, 0)


@pytest.mark.parametrize("write", [{"made_by": "x"}, {"coupon": None}, {}])
def test_redemptions_are_append_only(chain: Chain, asha: Customer, write: dict[str, Any]) -> None:
    use(coupon_of(chain, asha), chain.blr)
    rows = CouponRedemption.objects.all()
    with pytest.raises(IntegrityError), transaction.atomic():
        _ = rows.update(**write) if write else rows.delete()
