"""Every code of points as a till receives it (docs/protocol.md, Tills 6.2)."""

from collections.abc import Callable

import pytest
from django.db import OperationalError
from psycopg.errors import LockNotAvailable
from pytest_django import Settings

from customers.outbox.models import OutboxMessage
from customers.webhook_events import MESSAGE
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from engagement.redemptions.codes import PointsCode
from loyalty_project.encryption import unseal
from tests.engagement.redemptions.asking import issue, set_flags
from tests.engagement.redemptions.tills import PointsAnswer, PointsTill
from tests.factories.chains import Chain, member
from tests.factories.statuses import CustomerStatusFactory, label
from tests.factories.webhooks import listen

pytestmark = pytest.mark.django_db
LONG = "n" * 251


@pytest.mark.parametrize(
    ("points", "code"),
    [("ten", 801), ("", 801), ("0", 801), ("-5", 801), ("1e3", 801), ({"a": "1"}, 801), ("10.5", 878), ("10.0001", 878),
     ("5", 821), ("31", 807), ("65", 819), ("30", 800)],
)  # fmt: skip
def test_points_that_are_refused(till: PointsTill, points: object, code: int) -> None:
    assert till.redeem(points).numeric_code == code
    if isinstance(points, str) and points:
        assert till.ask(points).numeric_code == code
    assert till.balance() == (70 if code == 800 else 100)


@pytest.mark.parametrize(
    ("points", "query", "more", "code"),
    [
        ("30", "program_id=999999", {}, 1101),
        ("30", "user_group2_id=7", {}, 828),
        ("30", "validation_type=MISSED_CALL", {}, 823),
        ("30", "", {"validation_code": "QQQQQQ"}, 808),
        ("30", "", {"redemption_time": "whenever"}, 859),
        ("30", "", {"redemption_time": "2026-05-03 12:00:00"}, 859),
        ("30", "", {"redemption_time": "2026-04-28 12:00:00"}, 800),
        ("30", "", {"notes": LONG}, 801),
        ("30", "", {"redemption_purpose": LONG}, 801),
        ("30", "", {"transaction_number": LONG}, 801),
        ("30", "", {"external_reference_number": LONG}, 801),
        ("30", "", {"notes": {"a": "b"}}, 400),
        ("30", "", {"custom_fields": {"field": [{"name": "a", "value": "b"}] * 101}}, 400),
    ],
)
def test_requests_that_are_refused(till: PointsTill, points: str, query: str, more: dict[str, object], code: int) -> None:
    assert till.redeem(points, query, **more).numeric_code == code


def test_points_that_the_customer_does_not_have_are_818(till: PointsTill, chain: Chain) -> None:
    till.account = member(chain, 0, mobile="919812345679")
    assert (till.redeem("10").numeric_code, till.ask("10").numeric_code) == (818, 818)


def test_no_active_program_is_895(till: PointsTill) -> None:
    Program.objects.update(is_active=False)
    assert (till.redeem().numeric_code, till.ask().numeric_code) == (895, 895)


def test_a_status_that_blocks_redeeming_is_3045(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    label(asha.customer, CustomerStatusFactory(organization=chain.organization, blocks=["points_redeem"]))
    assert [answer.numeric_code for answer in (till.redeem(), till.ask(), till.send_code())] == [3045] * 3


def test_a_required_code_that_is_absent_is_824(till: PointsTill, chain: Chain, asha: PointsAccount) -> None:
    set_flags(chain, CONF_POINTS_REDEMPTION_OTP_REQUIRED=1)
    assert (till.ask().numeric_code, till.redeem().numeric_code) == (800, 824)
    assert till.redeem("10", "skip_validation=true").numeric_code == 800
    code = issue(asha, "30")
    answer = till.redeem("15", validation_code=code.lower())
    assert (answer.numeric_code, answer.item["side_effects"]["effect"][0]["validation_code"]) == (800, code)


def test_a_wrong_code_is_counted_though_nothing_else_is_stored(till: PointsTill, asha: PointsAccount) -> None:
    code = issue(asha)
    assert [till.redeem(validation_code="WRONG1", key=f"k{n}").numeric_code for n in range(5)] == [808] * 5
    assert till.redeem(validation_code=code).numeric_code == 808


def test_a_code_that_cannot_be_sent_is_860(till: PointsTill, chain: Chain) -> None:
    set_flags(chain, OTP_CHANNEL="EMAIL")
    assert till.send_code().numeric_code == 860
    assert till.send_code("ten").numeric_code == 801
    assert till.read("validationcode", "mobile=12ab&points=1").numeric_code == 802


def test_a_code_that_nobody_sends_is_860_or_876(till: PointsTill, chain: Chain, settings: Settings) -> None:
    settings.OUTBOX_FOR_STAFF = False
    assert till.send_code().numeric_code == 860
    assert till.ask(30, "issue_otp=true").warnings == ["876"]
    assert not OutboxMessage.objects.exists()
    listen(chain.organization, MESSAGE.name)
    assert till.send_code().numeric_code == 200
    message = OutboxMessage.objects.get()
    assert (message.channel, message.purpose, message.state) == ("SMS", "points", "QUEUED")
    assert (unseal(message.text) or "").endswith(" points at Northwind. It is valid until 12:10.")


@pytest.mark.parametrize(
    "call",
    [
        lambda till, _redemption: till.redeem(),
        lambda till, _redemption: till.send_code(),
        lambda till, redemption: till.reverse(redemption),
    ],
    ids=["redeem", "send_code", "reverse"],
)
def test_a_customer_whose_lock_is_not_free_is_521(
    till: PointsTill, monkeypatch: pytest.MonkeyPatch, call: Callable[[PointsTill, str], PointsAnswer]
) -> None:
    redemption = till.redeem("10").item["redemption_id"]

    def is_held(*_args: object) -> None:
        raise OperationalError from LockNotAvailable()

    for name in ("engagement.redemptions.redeeming", "engagement.redemptions.reversing", "customers.validation_codes.services"):
        monkeypatch.setattr(f"{name}.lock_customer", is_held)
    answer = call(till, redemption)
    assert (answer.http.status_code, answer.numeric_code, answer.item["mobile"]) == (200, 521, "919812345678")


def test_codes_have_the_sentences_of_the_table(till: PointsTill) -> None:
    assert till.redeem("31").message == "Points must be a multiple of 5"
    assert till.redeem("5").message == PointsCode.BELOW_MINIMUM.sentence
