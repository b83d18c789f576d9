"""Questions before a redemption, and the codes that customers are sent"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption
from engagement.redemptions.otp import ask_for_code
from engagement.redemptions.redeeming import check_redeemable
from loyalty_project.protocol.errors import LoyaltyError
from tests.engagement.redemptions.asking import ask, asked, code_refusal, issue, set_flags
from tests.factories.chains import NOON, Chain, member, order, redeem, refusal_of

pytestmark = pytest.mark.django_db


def test_a_code_is_required_if_the_policy_requires_it(chain: Chain, asha: PointsAccount) -> None:
    set_flags(chain, CONF_POINTS_REDEMPTION_OTP_REQUIRED=1)
    assert refusal_of(order(asha, "10"), chain.blr) == 824
    assert refusal_of(order(asha, "10", skips_validation=True), chain.blr) == 0
    assert refusal_of(order(asha, "10", validation_code=issue(asha, "10")), chain.blr) == 0
    set_flags(chain, CONF_POINTS_REDEMPTION_OTP_REQUIRED=1, ALLOW_SKIP_VALIDATION=0)
    assert refusal_of(order(asha, "10", skips_validation=True), chain.blr) == 824


def test_five_wrong_codes_kill_the_right_one(chain: Chain, asha: PointsAccount) -> None:
    code = issue(asha)
    for _ in range(5):
        with pytest.raises(LoyaltyError, match=r"^808 "):
            redeem(order(asha, validation_code="WRONG!"), chain.blr)
    with pytest.raises(LoyaltyError, match=r"^808 "):
        redeem(order(asha, validation_code=code), chain.blr)
    assert ValidationCode.objects.get().tries == 5
    assert not Redemption.objects.exists()


def test_redeemable_points_are_printed_and_none_spent(chain: Chain, asha: PointsAccount) -> None:
    redeemable = check_redeemable(ask(asha), by=chain.blr)
    assert (redeemable.customer_id, redeemable.points, redeemable.value, redeemable.ratio, redeemable.notices) == (
        asha.customer_id, 30, Decimal("7.50"), Decimal("0.25"), [],
    )  # fmt: skip
    in_money = check_redeemable(ask(asha, "7.30", is_money=True), by=chain.blr)
    assert (in_money.points, in_money.value) == (30, Decimal("7.50"))
    assert not Redemption.objects.exists()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"references": {"mobile": "9812345670", "email": "asha@example.com"}}, 816),
        ({"amount": "x", "program_id": "x"}, 801),
        ({"amount": "7.001", "program_id": "x"}, 1101),
        ({"amount": "7.30", "is_money": True, "program_id": "x"}, 1101),
        ({"amount": "30.5"}, 878),
        ({"for_group": True, "amount": "5"}, 828),
        ({"amount": "5"}, 821),
        ({"amount": "31"}, 807),
        ({"amount": "65"}, 819),
        ({"by_missed_call": True, "validation_code": "WRONG1"}, 823),
        ({"validation_code": "WRONG1"}, 808),
    ],
)
def test_the_question_is_refused_as_the_redemption_would_be(
    chain: Chain, asha: PointsAccount, more: dict[str, Any], code: int
) -> None:
    assert asked(ask(asha, **more), chain) == code


def test_the_question_sees_fraud_and_the_balance(chain: Chain, asha: PointsAccount) -> None:
    poor = member(chain, 0, mobile="919812345679")
    assert asked(ask(poor, "10"), chain) == 818
    Customer.objects.filter(pk=asha.customer_id).update(fraud_status="CONFIRMED")
    assert asked(ask(asha), chain) == 809
    Customer.objects.filter(pk=asha.customer_id).update(type="NON_LOYALTY")
    assert asked(ask(asha), chain) == 881


def test_a_code_that_is_asked_about_is_not_used_up_but_a_wrong_one_counts(chain: Chain, asha: PointsAccount) -> None:
    code = issue(asha)
    assert [asked(ask(asha, validation_code=code), chain) for _ in range(2)] == [0, 0]
    assert asked(ask(asha, validation_code="WRONG!"), chain) == 808
    assert ValidationCode.objects.get().tries == 1


def test_a_code_is_issued_to_a_reachable_customer(chain: Chain, asha: PointsAccount) -> None:
    assert check_redeemable(ask(asha, wants_code=True), by=chain.blr).notices == []
    assert ValidationCode.objects.get().points == 30
    set_flags(chain, OTP_CHANNEL="EMAIL")
    redeemable = check_redeemable(ask(asha, wants_code=True), by=chain.blr)
    assert [int(notice.code) for notice in redeemable.notices] == [876]


def test_a_code_is_sent_by_the_channels_of_the_policy(chain: Chain, asha: PointsAccount) -> None:
    sent = ask_for_code({"mobile": "9812345678"}, "12.5", by=chain.blr)
    assert (sent.customer_id, sent.points, sent.message) == (
        asha.customer_id, Decimal("12.5"), "Validation Code Issued by SMS",
    )  # fmt: skip
    assert sent.expires_at == NOON + timedelta(minutes=10)
    asha.customer.identifiers.create(organization=chain.organization, kind="email", value="asha@example.com")
    for channel, channels in (("EMAIL", "Email"), ("BOTH", "SMS/Email")):
        set_flags(chain, OTP_CHANNEL=channel)
        assert ask_for_code({"mobile": "9812345678"}, "1", by=chain.blr).message == f"Validation Code Issued by {channels}"


def test_a_code_is_refused_in_the_order_of_the_codes(chain: Chain, asha: PointsAccount) -> None:
    mobile = {"mobile": "9812345678"}
    assert code_refusal({}, "x", chain) == 802
    assert code_refusal({"mobile": "9812345670"}, "x", chain) == 816
    assert code_refusal(mobile, "-100", chain) == 801
    set_flags(chain, OTP_CHANNEL="EMAIL")
    assert code_refusal(mobile, "100", chain) == 860
    Customer.objects.filter(pk=asha.customer_id).update(fraud_status="CONFIRMED")
    assert code_refusal(mobile, "100", chain) == 809
    Customer.objects.filter(pk=asha.customer_id).update(type="NON_LOYALTY")
    assert code_refusal(mobile, "x", chain) == 881
