"""Whose bill is it, and who is registered by one? (docs/protocol.md, tills' part 2.3)"""

from typing import Any

import pytest
from django.db import OperationalError
from psycopg.errors import LockNotAvailable

from customers.profile.models import Customer
from engagement.bills.models import Bill
from organizations.credentials.tokens import issue_token
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.api import Api
from tests.engagement.bills.api.tills import BillTill, set_flags
from tests.factories.bills import Shop
from tests.factories.cards import CardFactory
from tests.factories.credentials import ApiClientFactory
from tests.factories.locations import TillFactory
from tests.factories.organizations import OrganizationFactory

pytestmark = pytest.mark.django_db
STRANGER = "919812345679"


def test_an_unknown_mobile_is_registered_as_of_the_billing_time(till: BillTill) -> None:
    answer = till.sell(250, billing_time="2026-03-04 10:20:30", customer={"mobile": STRANGER, "firstname": "Mina"})
    assert (answer.number, answer.item["customer"]["firstname"]) == (600, "Mina")
    seen = till.api.get(f"mobile={STRANGER}").item
    assert (seen["type"], seen["registered_on"], seen["lifetime_purchases"]) == ("LOYALTY", "2026-03-04 10:20:30", 250)


def test_a_customer_is_registered_as_the_bill_says(till: BillTill) -> None:
    who = {"mobile": STRANGER, "type": "non_loyalty", "registered_on": "2026-03-01 00:00:00"}
    answer = till.sell(250, customer=who)
    assert (answer.item["customer"]["type"], answer.item["customer"]["lifetime_purchases"]) == ("NON_LOYALTY", "250")
    assert answer.effects("points") == []
    assert till.api.get(f"mobile={STRANGER}").item["registered_on"] == "2026-03-01 00:00:00"


def test_a_known_customer_is_updated(till: BillTill) -> None:
    answer = till.sell(80, customer={"mobile": till.mobile, "firstname": "Anna", "email": "anna@example.com"})
    assert (answer.item["customer"]["firstname"], answer.item["customer"]["email"]) == ("Anna", "anna@example.com")
    assert Customer.objects.count() == 1


def test_any_reference_names_a_known_customer(northwind: Organization, till: BillTill) -> None:
    customer = Customer.objects.get()
    CardFactory(organization=northwind, customer=customer, number="C-1", external_id="EXT-1")
    for reference in (
        {"id": str(customer.pk)}, {"user_id": customer.pk}, {"card_number": "C-1"}, {"card_external_id": "EXT-1"},
        {"card_details": {"card_number": "C-1"}}, {"mobile": f"+{till.mobile}"},
    ):  # fmt: skip
        assert till.sell(10, customer=reference).item["customer"]["mobile"] == till.mobile
    assert Bill.objects.filter(customer=customer).count() == 6


@pytest.mark.parametrize(
    "unknown", [{"id": 99999}, {"user_id": "99999"}, {"id": "x"}, {"card_number": "C-9"}, {"card_external_id": "E-9"}]
)
def test_an_unknown_id_or_card_registers_nobody(till: BillTill, unknown: dict[str, Any]) -> None:
    assert till.sell(10, customer=unknown).number == 611
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("flags", "customer", "code"),
    [
        ({}, {"mobile": "12ab"}, 649), ({}, {"mobile": STRANGER, "email": "no at"}, 646),
        ({}, {"external_id": "E" * 251}, 652), ({}, {"mobile": STRANGER, "registered_on": "1980-01-01"}, 660),
        ({}, {"external_id": "E-1", "type": "NON_LOYALTY"}, 610),
        ({"CONF_ALLOW_REGISTRATION_FROM_ANY_IDENTIFIERS": 0}, {"external_id": "E-1"}, 651),
        ({"CONF_ALLOW_REGISTRATION_FROM_ANY_IDENTIFIERS": 0}, {"email": "a@example.com"}, 658),
        ({"CONF_USERS_IS_EMAIL_REQUIRED": 1}, {"mobile": STRANGER}, 659),
        ({"CONF_USERS_USE_EXTERNAL_ID": 0}, {"external_id": "E-1"}, 654),
    ],
)  # fmt: skip
def test_refusals_of_registration_have_codes_of_bills(
    shop: Shop, till: BillTill, flags: dict[str, int], customer: dict[str, Any], code: int
) -> None:
    set_flags(shop, **flags)
    assert till.sell(10, customer=customer).number == code
    assert (Customer.objects.count(), Bill.objects.count()) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [("email", "a@example.com", 647), ("mobile", STRANGER, 648), ("external_id", "E-1", 653)],
)
def test_an_identifier_of_another_customer_is_refused(shop: Shop, till: BillTill, kind: str, value: str, code: int) -> None:
    set_flags(shop, AUTO_MERGE_ON_IDENTIFIER_COLLISION=0, CONF_ALLOW_MOBILE_UPDATE=1, CONF_LOYALTY_ALLOW_EXTERNAL_ID_UPDATE=1)
    assert till.api.add(**{kind: value}).code == "1000"
    mine = Customer.objects.earliest("pk")
    assert till.sell(10, customer={"id": mine.pk, kind: value}).number == code


@pytest.mark.usefixtures("db")
def test_without_a_program_nobody_can_be_enrolled() -> None:
    with unscoped("tests make their rows"):
        till = BillTill(Api(TillFactory(store__organization=OrganizationFactory(code="bare"))))
    assert till.sell(10, customer={"mobile": STRANGER}).number == 655


def test_a_fraud_buys_and_earns_but_changes_no_identifier(till: BillTill) -> None:
    Customer.objects.update(fraud_status="CONFIRMED")
    assert till.sell(100).effects("points")[0]["awarded_points"] == 5
    assert till.sell(10, customer={"mobile": till.mobile, "email": "a@example.com"}).number == 618


def test_a_refused_bill_registers_and_updates_nobody(till: BillTill) -> None:
    for customer in ({"mobile": STRANGER}, {"mobile": till.mobile, "firstname": "Bea"}):
        assert till.sell(100, customer=customer, line_items={"line_item": [{"qty": 1}]}).number == 622
    assert list(Customer.objects.values_list("firstname", flat=True)) == [""]


def test_an_anonymous_bill_ignores_its_customer(till: BillTill) -> None:
    for mobile in (till.mobile, STRANGER):
        answer = till.sell(300, type="not_interested", not_interested_reason="in a hurry", customer={"mobile": mobile})
        assert (answer.number, "customer" in answer.item, answer.item["type"]) == (600, False, "NOT_INTERESTED")
    assert Customer.objects.count() == 1
    assert set(Bill.objects.values_list("customer", "details__not_interested_reason")) == {(None, "in a hurry")}


def test_a_bill_of_a_merged_customer_goes_to_the_survivor(till: BillTill) -> None:
    victim = till.api.add(mobile=STRANGER, email="b@example.com").item["user_id"]
    till.api.add(mobile=till.mobile, email="b@example.com")
    answer = till.sell(90, customer={"id": victim})
    assert (answer.number, answer.warnings, answer.item["customer"]["mobile"]) == (600, ["91009"], till.mobile)


def test_a_referral_code_may_stand_in_bill_or_customer(till: BillTill) -> None:
    for number, more in enumerate(({"referral_code": "NOBODY0"}, {"customer": {"referral_code": "NOBODY0"}})):
        customer = {"mobile": f"91981234570{number}", **more.pop("customer", {})}
        answer = till.sell(30, customer=customer, **more)
        assert (answer.number, answer.warnings) == (600, ["1009"])


def test_the_till_of_an_item_counts_for_clients_alone(shop: Shop, till: BillTill) -> None:
    other = TillFactory(store=shop.till.store, code="blr.till9")
    till.sell(10, till_id=other.code)
    token = issue_token(ApiClientFactory(till=shop.till))
    for name, warnings in ((other.code, []), ("nowhere", ["91020"]), ("0", [])):
        assert till.send(till.sale(10, till_id=name), X_CAP_API_OAUTH_TOKEN=token).warnings == warnings
    codes = Bill.objects.order_by("pk").values_list("till__code", flat=True)
    assert list(codes) == ["blr.till1", "blr.till9", "blr.till1", "blr.till1"]


def test_a_failure_that_nobody_foresaw_is_608(till: BillTill, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("unforeseen")

    assert till.sell().number == 600
    monkeypatch.setattr("engagement.bills.api.record_each", broken)
    assert till.sell().number == 608


def test_a_customer_who_is_busy_is_521(till: BillTill, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError from LockNotAvailable()

    monkeypatch.setattr("use_cases.purchases.lock_customers", busy)
    assert till.sell().number == 521
    assert not Bill.objects.exists()
