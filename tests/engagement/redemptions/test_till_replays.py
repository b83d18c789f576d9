"""Redemptions and reversals that a till sends again, over HTTP (docs/protocol.md, tills' part 4.3, 4.4)."""

from datetime import timedelta

import pytest
import time_machine

from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption, RedemptionReversal
from organizations.audit.actors import command_actor
from organizations.idempotency.models import KeptAnswer
from tests.engagement.redemptions.asking import issue
from tests.engagement.redemptions.tills import PointsTill, other_till_of
from tests.factories.chains import Chain
from use_cases.erasure import erase_customer

pytestmark = pytest.mark.django_db


def test_a_reference_number_gets_the_first_answer_at_any_till(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    first = till.redeem("30", external_reference_number="R-1")
    till.redeem("10")
    again = other_till_of(chain, asha).redeem(30, external_reference_number="R-1")
    assert again.item == first.item
    assert till.redeem("35", external_reference_number="R-1").numeric_code == 903
    assert till.balance() == 60


def test_a_used_code_gets_the_first_answer_within_its_life(
    till: PointsTill, asha: PointsAccount, moment: time_machine.Traveller
) -> None:
    code = issue(asha)
    first = till.redeem("30", validation_code=code)
    assert till.redeem("30", validation_code=code.lower()).item == first.item
    assert till.redeem("10", validation_code=code).numeric_code == 808
    moment.shift(timedelta(minutes=11))
    assert till.redeem("30", validation_code=code).numeric_code == 808


def test_a_bill_number_gets_the_first_answer_on_its_day(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    first = till.redeem("10", transaction_number="T-1")
    assert till.redeem("10", transaction_number="T-1").item == first.item
    others = [
        till.redeem("15", transaction_number="T-1"),
        other_till_of(chain, asha).redeem("10", transaction_number="T-1"),
        till.redeem("10", transaction_number="T-2"),
    ]
    assert [answer.numeric_code for answer in others] == [800] * 3
    assert Redemption.objects.count() == 4


def test_after_a_reversal_the_same_bill_redeems_again(till: PointsTill) -> None:
    first = till.redeem("10", transaction_number="T-1").item["redemption_id"]
    assert till.reverse(first).numeric_code == 800
    assert till.redeem("10", transaction_number="T-1").item["redemption_id"] != first


def test_without_any_key_points_are_spent_again(till: PointsTill) -> None:
    codes = {till.redeem("10").item["redemption_id"] for _ in range(2)}
    assert (len(codes), till.balance()) == (2, 80)


def test_an_idempotency_key_spends_once(till: PointsTill) -> None:
    first, again = (till.redeem("10", key="K-1") for _ in range(2))
    assert (again.item, again.is_replayed, first.is_replayed) == (first.item, True, False)
    assert till.redeem("15", key="K-1").http.status_code == 422
    assert till.balance() == 90


def test_an_idempotency_key_keeps_a_refusal(till: PointsTill) -> None:
    first, again = (till.redeem("31", key="K-2") for _ in range(2))
    assert (again.item, again.is_replayed) == (first.item, True)


def test_a_reversal_with_a_reference_number_happens_once(till: PointsTill) -> None:
    redemption = till.redeem("30").item["redemption_id"]
    first = till.reverse(redemption, points="10", external_reference_number="R-1")
    assert till.reverse(redemption, points=10, external_reference_number="R-1").item == first.item
    assert till.reverse(redemption, points="11", external_reference_number="R-1").numeric_code == 903
    assert till.balance() == 80


def test_a_reversal_without_a_reference_number_is_a_further_one(till: PointsTill) -> None:
    redemption = till.redeem("30").item["redemption_id"]
    assert [till.reverse(redemption, points="10").item["balance"] for _ in range(2)] == [80, 90]
    assert [till.reverse(redemption).numeric_code for _ in range(2)] == [800, 812]
    assert RedemptionReversal.objects.count() == 3


def test_an_idempotency_key_reverses_once(till: PointsTill) -> None:
    redemption = till.redeem("30").item["redemption_id"]
    first, again = (till.reverse(redemption, key="K-1", points="10") for _ in range(2))
    assert (again.item, again.is_replayed) == (first.item, True)
    body = {"redemptionId": redemption, "pointsToBeReversed": 10}
    answers = [till.reverse_plainly(body, **{"Idempotency-Key": "K-1"}) for _ in range(2)]
    assert answers[0].http.content == answers[1].http.content
    assert [answer.is_replayed for answer in answers] == [False, True]
    assert till.balance() == 90


# --- kept refusals of erased customers


def test_kept_refusals_are_emptied_with_the_customer(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    refused = [
        till.redeem("1000", key="K-1"),
        till.reverse("zzzz00", key="K-1"),
        till.redeem("30", key="K-2", validation_code="X"),
    ]
    assert [answer.numeric_code for answer in refused] == [819, 902, 808]
    identifier = {"type": "mobile", "value": "9812345678"}
    till.reverse_plainly({"redemptionId": "zzzz00", "identifier": identifier}, **{"Idempotency-Key": "K-1"})
    assert KeptAnswer.objects.filter(body__contains="9812345678").count() == 4
    erase_customer(asha.customer_id, basis="Request 17", by=command_actor("erase_customer", chain.organization))
    assert KeptAnswer.objects.filter(body__contains="8109", succeeded=False).count() == 4
    assert not KeptAnswer.objects.filter(body__contains="9812345678").exists()


def test_a_refusal_without_a_known_customer_is_nobodys(till: PointsTill, asha: PointsAccount) -> None:
    assert till.redeem("30", key="K-1", customer={"mobile": "9812345670"}).numeric_code == 816
    assert till.redeem("30", key="K-2", redemption_time={"a": "b"}).numeric_code == 400
    assert list(KeptAnswer.objects.values_list("subject_id", flat=True)) == [None, None]
