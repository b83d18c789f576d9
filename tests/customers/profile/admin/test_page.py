"""Banners and buttons of a customer's page."""

from typing import Any

import pytest
from django.test import Client

from customers.profile.models import Customer
from engagement.coupons.models import CouponSeries
from engagement.programs.models import Program
from organizations.locations.models import Till
from tests.back_office import page_of, register
from tests.customers.profile.admin.forms import CUSTOMERS, edit_page
from tests.factories.coupons import open_series
from tests.factories.identity_requests import ask
from tests.factories.locations import till_actor
from tests.factories.tickets import TicketFactory
from use_cases.merging import merge_customers


def page(browser: Client, customer: Customer) -> Any:
    return browser.get(page_of(CUSTOMERS, customer))


@pytest.mark.parametrize(
    ("status", "title", "sentence"),
    [
        (
            "CONFIRMED",
            "Fraud: confirmed",
            "Forbidden: using coupons, getting coupons, redeeming points, changing identifiers and merging.",
        ),
        ("MARKED", "Fraud: marked", "Nothing is forbidden."),
    ],
)
def test_a_fraud_status_is_a_banner_that_says_what_it_forbids(
    administrator: Client, anna: Customer, status: str, title: str, sentence: str
) -> None:
    Customer.objects.update(fraud_status=status, fraud_reason="Odd returns", fraud_marked_by="staff:asha")
    (banner,) = page(administrator, anna).context["banners"]
    assert (banner.title, banner.sentence, banner.small_print) == (title, sentence, "asha (staff) · “Odd returns”")


def test_a_customer_without_a_status_has_no_banner(administrator: Client, anna: Customer) -> None:
    assert page(administrator, anna).context["banners"] == []
    Customer.objects.update(fraud_status="NOT_FRAUD")
    assert page(administrator, anna).context["banners"] == []


def test_buttons_are_those_of_pages_that_the_user_may_use(
    administrator: Client, seller: Client, auditor: Client, anna: Customer
) -> None:
    titles = {
        browser: [button.title for button in page(browser, anna).context["buttons"]]
        for browser in (administrator, seller, auditor)
    }
    assert titles[administrator][-4:] == ["Ticket", "Consent", "Change e-mail/mobile", "Merge"]
    assert titles[seller][-3:] == ["Ticket", "Consent", "Change e-mail/mobile"]
    assert titles[auditor] == []
    assert "data-dialog" in page(seller, anna).content.decode()
    assert edit_page(anna) not in page(auditor, anna).content.decode()


def test_buttons_that_can_do_nothing_are_left_out(administrator: Client, anna: Customer) -> None:
    def titles() -> set[str]:
        return {"Goodwill", "Redeem", "Coupon"} & {button.title for button in page(administrator, anna).context["buttons"]}

    assert titles() == {"Goodwill", "Redeem"}
    open_series(anna.organization)
    Program.objects.update(is_active=False)
    assert titles() == {"Coupon"}
    CouponSeries.objects.update(is_active=False)
    assert titles() == set()


def test_a_merged_customer_has_a_banner_and_no_buttons(administrator: Client, anna: Customer, till: Till) -> None:
    twin = register(till, mobile="9812300002")
    merge_customers(survivor=anna.pk, victim=twin.pk, by=till_actor(till))
    context = page(administrator, twin).context
    assert [banner.title for banner in context["banners"]] == ["Merged into"]
    assert page_of(CUSTOMERS, anna) in context["banners"][0].sentence
    assert context["buttons"] == []


def test_open_tickets_and_pending_requests_are_listed(administrator: Client, anna: Customer, till: Till) -> None:
    TicketFactory(customer=anna, closed=True)
    opened = TicketFactory(customer=anna, subject="Late parcel")
    pending = ask(till, "mobile", "919812300001", "919812300077")
    context = page(administrator, anna).context["page"]
    assert (context.tickets, context.requests) == ([opened], [pending])
    text = page(administrator, anna).content.decode()
    for shown in ("Late parcel", "+91 98123 00077", page_of("customers_identityrequest", pending)):
        assert shown in text
