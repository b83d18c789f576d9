"""Warnings of version 2: by code and sentence"""

from engagement.coupons.codes import CouponCode
from engagement.coupons.tills.api import plain_reactivations
from engagement.redemptions.api.payloads import plain_answer
from engagement.redemptions.codes import PointsCode
from loyalty_project.api.plain import plain_warnings
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.outcomes import Done, Outcome, succeeded


def done(*notices: Notice) -> Outcome:
    return succeeded(Done(body={"redemptionId": "7"}, message="Done", warnings=notices))


def test_both_calls_print_sentences_alike() -> None:
    outcome = done(Notice(Code.SURVIVOR_RETRIEVED))
    warning = {"code": 91009, "message": "Retrieved survivor account for the requested merge victim"}
    assert plain_answer(outcome.body)["warnings"] == [warning]
    assert plain_reactivations([outcome])["warnings"] == [{**warning, "redemptionId": "7"}]


def test_warnings_of_points_have_their_sentences() -> None:
    answer = plain_answer(done(Notice(PointsCode.NOT_TIED)).body)
    assert answer["warnings"] == [{"code": 873, "message": "Invalid transaction number"}]


def test_the_own_table_counts_and_an_unknown_code_is_answered() -> None:
    status = done(Notice(CouponCode.INVALID_REDEMPTION), Notice(PointsCode.NOT_TIED)).body["item_status"]
    assert plain_warnings(status, CouponCode) == [
        {"code": 510, "message": "Invalid redemption id"},
        {"code": 873, "message": ""},
    ]
