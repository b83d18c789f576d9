"""Two customers who are one person: how tests register, merge and unmerge them."""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from customers.lookup.services import LookupQuery, look_up
from customers.merging.models import Merge
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from engagement.points.checks.run import check_ledger
from engagement.points.models import PointsAccount
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from tests.factories.locations import till_actor
from use_cases.merging import merge_customers, undo_merge
from use_cases.registration import Registration, register_customer

OLD, NEW = "2020-01-01 10:00:00", "2022-01-01 10:00:00"


def send(till: Till, work: Callable[..., Registration] = register_customer, **item: Any) -> Registration:
    """An item of add or update at the till."""
    action = "add" if work is register_customer else "update"
    with transaction.atomic():
        context = load_input_context([item], by=till_actor(till))
        return work(read_customer_input(item, context, action=action), context=context, by=till_actor(till))


def codes(registration: Registration) -> list[int]:
    return [int(notice.code) for notice in registration.notices]


def merge(till: Till, survivor: Customer, victim: Customer) -> Merge:
    return merge_customers(survivor=survivor.pk, victim=victim.pk, by=till_actor(till)).merge


def undo(till: Till, merge_row: Merge) -> Merge:
    return undo_merge(merge_row, reason="They are two customers", by=till_actor(till))


def account_of(customer: Customer) -> PointsAccount:
    return PointsAccount.objects.get(customer=customer, moved_to=None)


def is_clean(organization: Organization) -> bool:
    return [str(finding) for finding in check_ledger(organization)] == []


def find(organization: Organization, key: str, value: object) -> tuple[int | None, bool]:
    asked = LookupQuery(key=key, values=[str(value)])
    (answer,) = look_up(asked, organization=organization, policy=organization.policy, country_code="")
    return answer.customer_id, answer.is_merged


def register_anna(till: Till) -> Customer:
    """The customer who registered first."""
    return send(till, mobile="9812300001", firstname="Anna", registered_on=OLD).customer


def register_twin(till: Till) -> Customer:
    """Anna again, under another mobile number."""
    item = {"mobile": "9812300002", "email": "anna@example.com", "external_id": "NW-2", "firstname": "Ann", "lastname": "Rao"}
    return send(till, **item, registered_on=NEW).customer
