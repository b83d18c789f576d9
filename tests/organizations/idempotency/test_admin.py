"""Idempotency keys in the back office: to look at, without what was answered, for administrators alone."""

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from loyalty_project.protocol.outcomes import Outcome
from organizations.idempotency.models import IdempotencyKey
from organizations.idempotency.services import open_keyed_call
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.back_office import list_of, log_in, page_of, shown
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory

KEYS = "organizations_idempotencykey"


def use_key(key: str, till: Till, *, action: str = "customer/add", items: int = 1) -> IdempotencyKey:
    with organization_scope(till.organization), transaction.atomic():
        call = open_keyed_call(key, action=action, content="", by=till_actor(till))
        for position in range(items):
            call.claim(position)
            call.keep(position, Outcome({"mobile": "919812345678"}, succeeded=True))
        return IdempotencyKey.objects.get(pk=call.key_id)


def matches(browser: Client, **query: str) -> list[IdempotencyKey]:
    return shown(browser.get(list_of(KEYS), query))


def test_keys_are_listed_found_and_narrowed(administrator: Client, till: Till, stranger: Till) -> None:
    use_key("stranger", stranger)
    add, update = use_key("bill-1", till, items=3), use_key("bill-2", till, action="customer/update")
    answer = administrator.get(list_of(KEYS))
    assert shown(answer) == [update, add]
    assert [row.answered for row in shown(answer)] == [1, 3]
    assert "mgroad.till1 (till)" in answer.content.decode()
    assert matches(administrator, q="bill-1") == [add]
    assert matches(administrator, q="bill") == []
    assert matches(administrator, action__icontains="update") == [update]
    assert matches(administrator, credential__icontains="till2") == []
    assert matches(administrator, first_used_at_from="2020-01-01") == [update, add]


def test_a_key_is_opened_without_its_answers_and_never_changed(administrator: Client, till: Till) -> None:
    key = use_key("bill-1", till)
    page = administrator.get(page_of(KEYS, key)).content.decode()
    assert "bill-1" in page
    assert "919812345678" not in page
    assert administrator.post(page_of(KEYS, key), {"key": "x"}).status_code == 403
    assert administrator.get("/admin/organizations/idempotencykey/add/").status_code == 403


@pytest.mark.parametrize("role", ["store_manager", "store_staff", "care_agent", "auditor"])
def test_only_administrators_see_keys(organization: Organization, till: Till, operator: Client, role: str) -> None:
    key = use_key("bill-1", till)
    browser = log_in(StaffMemberFactory(organization=organization, role=role))
    assert browser.get(list_of(KEYS)).status_code == 403
    assert browser.get(page_of(KEYS, key)).status_code == 403
    assert matches(operator) == [key]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, till: Till, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        use_key(f"bill-{number}", till)
    # Session, member of staff, the limit to stores, keys, the count.
    with django_assert_num_queries(6):
        administrator.get(list_of(KEYS))
