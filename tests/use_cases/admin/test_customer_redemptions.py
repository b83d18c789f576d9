"""Staff redeem points of a customer with a code, and reverse a redemption."""

import re
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from customers.outbox.models import OutboxMessage
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption
from loyalty_project.encryption import unseal
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from tests.back_office import confirmed, page_of, text_of
from tests.factories.redemptions import redeem
from tests.use_cases.admin.dialogs import address, send, typed


def test_points_are_redeemed_with_a_code_that_was_sent(
    administrator: Client, anna: Customer, points: PointsAccount, store: Store
) -> None:
    sent = typed(administrator, "redeem", anna, points="40", store=str(store.pk), bill="B-7")
    shown = administrator.post(address("redeem", anna), {**sent, "send_code": "1"})
    text = text_of(shown)
    assert "40 points pay 20.00 INR" in text
    assert "New balance: 60 points = 30.00 INR." in text
    assert "A code was sent by SMS. It is good until" in text
    message = OutboxMessage.objects.order_by("pk")[0]
    (code,) = re.findall(r"\b[A-Z0-9]{6}\b", unseal(message.text) or "")
    wrong = administrator.post(address("redeem", anna), confirmed({**sent, "code": "000000"}))
    assert wrong.context["form"].errors["code"] == [
        'This is not the code that was sent, or it is not valid any more. <small class="bo-code">(808)</small>'
    ]
    assert ValidationCode.objects.get().tries == 1
    for _ in range(2):
        answer = administrator.post(address("redeem", anna), confirmed({**sent, "code": code}))
        assert answer["Location"] == page_of("customers_customer", anna)
    redemption = Redemption.objects.get()
    assert (redemption.points, redemption.entry.store, redemption.entry.made_by) == (40, store, "staff:asha")
    assert redemption.transaction_number == "B-7"
    assert "40 points redeemed for 20.00 INR" in text_of(administrator.get("/admin/"))


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"points": "101"}, "points", "The customer does not have so many points. "),
        ({"points": "0"}, "points", "Enter a number of points above 0. "),
        ({"points": "1.5"}, "points", "The program does not have so many decimals. "),
        ({"store": ""}, "store", "This field is required."),
        ({"bill": "x" * 101}, "bill", "Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_a_refused_redemption_is_explained_at_its_field(
    administrator: Client,
    anna: Customer,
    points: PointsAccount,
    store: Store,
    values: dict[str, str],
    field: str,
    error: str,
) -> None:
    sent = typed(administrator, "redeem", anna, **{"points": "5", "store": str(store.pk), **values})
    errors = administrator.post(address("redeem", anna), sent).context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_nothing_is_redeemed_without_a_code(administrator: Client, anna: Customer, points: PointsAccount, store: Store) -> None:
    answer = send(administrator, "redeem", anna, points="5", store=str(store.pk))
    assert answer.context["form"].errors["code"][0].startswith("Enter the code that the customer got.")
    assert not Redemption.objects.exists()


def test_store_staff_redeem_at_their_own_stores_alone(
    seller: Client, anna: Customer, points: PointsAccount, store: Store, indiranagar: Till
) -> None:
    form = seller.get(address("redeem", anna)).context["form"]
    assert list(form.fields["store"].stores) == [str(store.pk)]
    sent = typed(seller, "redeem", anna, points="5", store=str(indiranagar.store_id))
    assert list(seller.post(address("redeem", anna), sent).context["form"].errors) == ["store"]


@pytest.fixture
def redemption(points: PointsAccount, till: Till) -> Redemption:
    """40 points that Anna got beside the 100, redeemed."""
    made: Redemption = redeem(points.customer, points.program, 40, "2026-01-05 12:00:00", till=till)
    return made


def more(browser: Client, customer: Customer) -> set[str]:
    return {button.title for button in browser.get(page_of("customers_customer", customer)).context["more"]}


def test_a_redemption_is_reversed_once_after_its_preview(
    administrator: Client, anna: Customer, points: PointsAccount, redemption: Redemption
) -> None:
    assert "Reverse a redemption" in more(administrator, anna)
    assert f"{redemption.code}: 40 of 40 points, 2026-01-05" in text_of(administrator.get(address("reverse_redemption", anna)))
    sent = typed(administrator, "reverse_redemption", anna, redemption=str(redemption.pk), points="15", reason="Wrong item")
    shown = text_of(administrator.post(address("reverse_redemption", anna), sent))
    assert "15 points come back New balance: 115 points = 57.50 INR." in shown
    redemption.refresh_from_db()
    assert redemption.reversed == 0
    for _ in range(2):
        answer = administrator.post(address("reverse_redemption", anna), confirmed(sent))
        assert answer["Location"] == page_of("customers_customer", anna)
    redemption.refresh_from_db()
    points.refresh_from_db()
    assert (redemption.reversed, points.balance) == (15, 115)
    entry = redemption.reversals.get().entry
    assert (entry.note, entry.made_by) == ("Wrong item", "staff:asha")
    audited = AuditEntry.objects.get(object_type="redemption")
    assert (audited.action, audited.new) == ("reversed", {"points": "15", "reason": "Wrong item"})
    # Blank: all that is left. Then there is nothing more to reverse.
    last = typed(administrator, "reverse_redemption", anna, redemption=str(redemption.pk), points="", reason="All of it")
    for _ in range(2):
        assert administrator.post(address("reverse_redemption", anna), confirmed(last)).status_code == 302
    redemption.refresh_from_db()
    assert redemption.reversed == 40
    assert administrator.get(address("reverse_redemption", anna))["Location"] == page_of("customers_customer", anna)
    assert "Reverse a redemption" not in more(administrator, anna)


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"points": "41"}, "points", "These are more points than are left of this redemption."),
        ({"points": "0"}, "points", "Enter a number of points above 0."),
        ({"points": "x"}, "points", "Enter a number in plain digits"),
        ({"redemption": "999999999"}, "redemption", "Select a valid choice."),
        ({"reason": ""}, "reason", "This field is required."),
    ],
)
def test_a_refused_reversal_is_explained_at_its_field(
    administrator: Client, anna: Customer, redemption: Redemption, values: dict[str, str], field: str, error: str
) -> None:
    sent = typed(administrator, "reverse_redemption", anna, **{"redemption": str(redemption.pk), "reason": "Wrong", **values})
    errors = administrator.post(address("reverse_redemption", anna), sent).context["form"].errors
    assert list(errors) == [field]
    assert errors[field][0].startswith(error)


def test_points_past_their_last_day_lapse_at_the_reversal_as_previewed(
    administrator: Client, anna: Customer, points: PointsAccount, redemption: Redemption
) -> None:
    points.lots.update(expires_on=date(2026, 1, 31))
    PointsAccount.objects.update(due_at=datetime(2026, 1, 31, 18, 30, tzinfo=UTC))
    sent = typed(administrator, "reverse_redemption", anna, redemption=str(redemption.pk), reason="Wrong item")
    shown = text_of(administrator.post(address("reverse_redemption", anna), sent))
    assert "40 points come back" in shown
    assert "40 of them are past their last day, and expire at once. New balance: 0 points" in shown
    administrator.post(address("reverse_redemption", anna), confirmed(sent))
    points.refresh_from_db()
    assert (points.balance, redemption.reversals.get().points) == (0, 40)


def test_without_the_policy_nothing_is_reversed(administrator: Client, anna: Customer, redemption: Redemption) -> None:
    anna.organization.flags = {"CONF_ALLOW_POINTS_REDEMPTION_REVERSAL": False}
    anna.organization.save()
    assert "Reverse a redemption" not in more(administrator, anna)
    assert administrator.get(address("reverse_redemption", anna))["Location"] == page_of("customers_customer", anna)


def test_store_staff_reverse_nothing(seller: Client, anna: Customer, redemption: Redemption) -> None:
    assert "Reverse a redemption" not in more(seller, anna)
    assert seller.get(address("reverse_redemption", anna)).status_code == 403
