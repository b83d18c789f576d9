"""What does a till get that sends a bill again? (docs/protocol.md, tills' part 2.4)"""

from typing import Any

import pytest

from customers.lookup.references import find_by_references
from customers.profile.models import Customer
from engagement.bills.models import Bill, BillAnswer
from tests.api import Api
from tests.engagement.bills.api.tills import TEA, BillTill, set_flags
from tests.factories.bills import Shop
from tests.factories.locations import TillFactory
from use_cases import billing

pytestmark = pytest.mark.django_db
WHEN = "2026-03-04 10:20:30"


def test_the_same_bill_gets_its_first_answer(till: BillTill) -> None:
    sent = till.sale(400, billing_time=WHEN, line_items={"line_item": [TEA]})
    first = till.send(sent).item
    till.sell(200)
    again = till.send(sent)
    assert (again.number, again.warnings) == (600, ["604"])
    assert {key: again.item[key] for key in first if key != "item_status"} == {
        key: first[key] for key in first if key != "item_status"
    }
    assert Bill.objects.count() == 2


def test_the_first_answer_keeps_its_warnings_and_effects(till: BillTill) -> None:
    sent = till.sale(6000, shipping_source_till_code="nowhere.t9")
    first = till.send(sent)
    assert first.effects("slab")
    again = till.send(sent)
    assert again.warnings == ["604", "1103"]
    assert again.item["side_effects"] == first.item["side_effects"]


def test_a_replayed_warning_has_its_whole_sentence(till: BillTill) -> None:
    till.api.add(mobile="919812345699", email="ann@example.com")
    sent = till.sale(100, customer={"mobile": "919812345688", "email": "ann@example.com"})
    first, again = till.send(sent), till.send(sent)
    assert (first.warnings, again.warnings) == (["91005"], ["604", "91005"])
    assert all("Mobile is a primary key. Mobile cannot be updated" in answer.message for answer in (first, again))


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 401}, {"discount": 1}, {"gross_amount": 500}, {"line_items": {"line_item": [TEA]}},
        {"type": "NOT_INTERESTED"}, {"billing_time": "2026-03-04 10:20:31"}, {"customer": {"mobile": "919812345679"}},
    ],
)  # fmt: skip
def test_other_content_under_the_number_is_604(till: BillTill, change: dict[str, Any]) -> None:
    sent = till.sale(400, billing_time=WHEN)
    till.send(sent)
    answer = till.send({**sent, **change})
    assert (answer.number, answer.item["id"]) == (604, None)
    assert (Bill.objects.count(), Customer.objects.count()) == (1, 1)


def test_notes_payments_fields_and_profile_do_not_count(till: BillTill) -> None:
    sent = till.sale(400, notes="first")
    till.send(sent)
    payment = {"payment": [{"mode": "CASH", "value": 400}]}
    customer = {"mobile": f"+{till.mobile}", "firstname": "Renamed"}
    more = {"amount": "400.00", "notes": "second", "payment_details": payment, "bill_client_id": "other", "customer": customer}
    again = till.send({**sent, **more})
    assert (again.number, again.warnings) == (600, ["604"])
    assert Customer.objects.get().firstname == ""


def test_a_bill_that_registered_its_customer_is_replayed(till: BillTill) -> None:
    sent = till.sale(400, customer={"mobile": "919812345679", "firstname": "Mina"})
    first, again = till.send(sent), till.send(sent)
    assert (again.warnings, again.item["customer"]) == (["604"], first.item["customer"])


def test_a_customer_registered_after_the_look_is_found_again(till: BillTill, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the first bill had been committed between the look for the customer and that for the bill of the second."""
    sent = till.sale(400, customer={"mobile": "919812345679", "firstname": "Mina"})
    first = till.send(sent)
    early = iter([None])
    monkeypatch.setattr(billing, "find_by_references", lambda *args, **given: next(early, find_by_references(*args, **given)))
    again = till.send(sent)
    assert (again.number, again.warnings, again.item["id"]) == (600, ["604"], first.item["id"])


def test_strict_organizations_refuse_the_same_bill_too(shop: Shop, till: BillTill) -> None:
    set_flags(shop, STRICT_DUPLICATE_BILL=1)
    sent = till.sale(100, billing_time=WHEN)
    assert [till.send(sent).number for _ in range(2)] == [600, 604]


def test_in_one_batch_the_second_bill_sees_the_first(till: BillTill) -> None:
    sent = till.sale(100)
    first, second, third = till.send(sent, sent, {**sent, "amount": 99}).items
    assert (second["id"], second["item_status"]["warnings"]["warning"]) == (first["id"], ["604"])
    assert third["item_status"]["code"] == 604


def test_another_till_or_day_is_another_bill(shop: Shop, till: BillTill) -> None:
    other = BillTill(Api(TillFactory(store=shop.till.store, code="blr.till2")))
    sent = till.sale(100, billing_time=WHEN)
    days = (WHEN, "2026-03-05")
    ids = {seller.send({**sent, "billing_time": day}).item["id"] for seller in (till, other) for day in days}
    assert len(ids) == 4


def test_numbers_may_be_unique_in_the_store_or_for_days(shop: Shop, till: BillTill) -> None:
    set_flags(shop, CONF_LOYALTY_BILL_NUMBER_UNIQUE_ONLY_STORE=1, CONF_LOYALTY_BILL_NUMBER_UNIQUE_IN_DAYS=7)
    other = BillTill(Api(TillFactory(store=shop.till.store, code="blr.till2")))
    sent = till.sale(100, billing_time="2026-03-04")
    assert till.send(sent).number == 600
    assert other.send({**sent, "amount": 101}).number == 604
    assert till.send({**sent, "billing_time": "2026-03-10"}).number == 604
    assert till.send({**sent, "billing_time": "2026-03-11"}).number == 600


def test_an_imported_bill_is_answered_with_present_figures(shop: Shop, till: BillTill) -> None:
    sent = till.sale(100, billing_time=WHEN)
    till.send(sent)
    BillAnswer.objects.all().delete()
    till.sell(200)
    again = till.send(sent)
    assert (again.number, again.warnings, again.item["side_effects"]["effect"]) == (600, ["604"], [])
    assert again.item["customer"]["lifetime_purchases"] == "300"


def test_a_key_replays_the_whole_call(till: BillTill) -> None:
    sent = till.sale(100)
    first, again = (till.send(sent, Idempotency_Key="k-1") for _ in range(2))
    assert (again.http.content, again.is_replayed) == (first.http.content, True)
