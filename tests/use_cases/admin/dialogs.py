"""The dialogs of a customer as a browser uses them: their addresses, and what their forms send."""

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from customers.profile.models import Customer
from tests.back_office import confirmed


def address(name: str, customer: Customer) -> str:
    return reverse(f"admin:customers_customer_{name}", args=[customer.pk])


def typed(browser: Client, name: str, customer: Customer, **values: Any) -> dict[str, Any]:
    """What the page's form sends: its initial values, and those that are typed."""
    form = browser.get(address(name, customer)).context["form"]
    sent = {key: form.get_initial_for_field(field, key) for key, field in form.fields.items()}
    return {key: value for key, value in {**sent, **values}.items() if value is not None and value is not False}


def send(browser: Client, name: str, customer: Customer, **values: Any) -> HttpResponse:
    """The answer to the form after its preview."""
    return browser.post(address(name, customer), confirmed(typed(browser, name, customer, **values)))
