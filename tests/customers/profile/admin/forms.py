"""Forms of customers in the back office, filled in and sent."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from customers.profile.models import Customer
from tests.back_office import filled_form, page_of

CUSTOMERS = "customers_customer"
ADD = "/admin/customers/customer/add/"


def add(browser: Client, address: str = ADD, **typed: Any) -> HttpResponse:
    """Send the form of a new customer."""
    return browser.post(address, filled_form(browser, address, **typed))


def change(browser: Client, customer: Customer, **typed: Any) -> HttpResponse:
    """Send the form of the customer's page."""
    page = page_of(CUSTOMERS, customer)
    return browser.post(page, filled_form(browser, page, **typed))


def messages_to(browser: Client) -> list[str]:
    """The messages on the next page."""
    return [str(message) for message in browser.get("/admin/").context["messages"]]
