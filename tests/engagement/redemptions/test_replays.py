"""A redemption that is sent again spends nothing: by reference number, code or bill"""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption
from tests.engagement.redemptions.asking import issue
from tests.factories.chains import Chain, bring_back, member, order, redeem, refusal_of
from tests.factories.points import PointsAccountFactory

pytestmark = pytest.mark.django_db


def test_a_reference_number_spends_once_for_ever(chain: Chain, asha: PointsAccount, moment: time_machine.Traveller) -> None:
    first = redeem(order(asha, external_reference="R-1"), chain.blr)
    redeem(order(asha, "10"), chain.blr)
    moment.shift(timedelta(days=400))
    again = redeem(order(asha, external_reference="R-1", for_group=True), chain.delhi)
    assert again.is_replay
    assert (again.redemption, again.balance, again.value) == (first.redemption, 70, Decimal("7.50"))
    assert refusal_of(order(asha, "35", external_reference="R-1"), chain.blr) == 903
    PointsAccountFactory(organization=chain.organization, program=chain.south, customer=asha.customer)
    assert refusal_of(order(asha, external_reference="R-1", program_id=str(chain.south.pk)), chain.blr) == 903
    ben = member(chain, mobile="919812345679")
    assert not redeem(order(ben, external_reference="R-1"), chain.blr).is_replay
    assert Redemption.objects.count() == 3


def test_invisible_characters_of_a_reference_number_do_not_count(chain: Chain, asha: PointsAccount) -> None:
    first = redeem(order(asha, external_reference="R-\u200b1", transaction_number="\ufeffT-1"), chain.blr).redemption
    assert (first.entry.reference, first.transaction_number) == ("R-1", "T-1")
    assert redeem(order(asha, external_reference="\u202aR-1\u202c"), chain.blr).is_replay


def test_a_used_code_is_answered_again_within_its_life(
    chain: Chain, asha: PointsAccount, moment: time_machine.Traveller
) -> None:
    code = issue(asha)
    first = redeem(order(asha, validation_code=code.lower()), chain.blr)
    assert first.redemption.validation_code == code
    again = redeem(order(asha, validation_code=code), chain.blr)
    assert (again.is_replay, again.redemption) == (True, first.redemption)
    assert refusal_of(order(asha, "10", validation_code=code), chain.blr) == 808
    assert refusal_of(order(asha, validation_code=code), chain.delhi) == 808
    moment.shift(timedelta(minutes=10))
    assert refusal_of(order(asha, validation_code=code), chain.blr) == 808


def test_the_same_bill_at_the_same_till_on_the_same_day_spends_once(
    chain: Chain, asha: PointsAccount, moment: time_machine.Traveller
) -> None:
    first = redeem(order(asha, "10", transaction_number="T-1"), chain.blr)
    assert redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption == first.redemption
    different = [
        redeem(order(asha, "10"), chain.blr),
        redeem(order(asha, "10"), chain.blr),
        redeem(order(asha, "10", transaction_number="T-2"), chain.blr),
        redeem(order(asha, "10", transaction_number="T-1"), chain.delhi),
    ]
    moment.shift(timedelta(days=1))
    different.append(redeem(order(asha, "10", transaction_number="T-1"), chain.blr))
    assert not any(redeemed.is_replay for redeemed in different)


def test_a_bill_with_two_reference_numbers_or_codes_is_two_redemptions(chain: Chain, asha: PointsAccount) -> None:
    first = redeem(order(asha, "10", transaction_number="T-1", external_reference="R-1"), chain.blr)
    assert redeem(order(asha, "10", transaction_number="T-1"), chain.blr).redemption == first.redemption
    second = redeem(order(asha, "10", transaction_number="T-1", external_reference="R-2"), chain.blr)
    assert not second.is_replay
    for _ in range(2):
        done = redeem(order(asha, "10", transaction_number="T-2", validation_code=issue(asha)), chain.blr)
        assert not done.is_replay


def test_a_reversed_redemption_of_a_bill_may_be_made_again(chain: Chain, asha: PointsAccount) -> None:
    first = redeem(order(asha, "10", transaction_number="T-1"), chain.blr)
    bring_back(first, chain.blr)
    assert not redeem(order(asha, "10", transaction_number="T-1"), chain.blr).is_replay
