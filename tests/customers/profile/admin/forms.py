"""Forms of customers in the back office, filled in and sent."""

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from tests.back_office import filled_form

CUSTOMERS = "customers_customer"
ADD = "/admin/customers/customer/add/"


def add(browser: Client, address: str = ADD, **typed: Any) -> HttpResponse:
    """Send the form of a new customer."""
    return browser.post(address, filled_form(browser, address, **typed))


def edit_page(customer: Customer) -> str:
    """The address of the customer's form."""
    return reverse("admin:customers_customer_edit", args=[customer.pk])


def change(browser: Client, customer: Customer, **typed: Any) -> HttpResponse:
    """Send the customer's form."""
    page = edit_page(customer)
    return browser.post(page, filled_form(browser, page, **typed))


def messages_to(browser: Client) -> list[str]:
    """The messages on the next page."""
    return [str(message) for message in browser.get("/admin/").context["messages"]]
