"""The back office as a browser sees it: staff of a role, a client that is logged in, and the forms of its pages."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from organizations.back_office.once import digest_of
from organizations.back_office.tables import Table
from organizations.locations.models import Till
from organizations.staff.models import StaffMember
from organizations.staff.sessions import BEGUN_AT, CONFIRMED_AT, SEEN_AT
from organizations.tenancy.scoping import organization_scope
from tests.factories.locations import till_actor
from use_cases.registration import register_customer

# The year 2100.
_NEVER_OVER = 4_102_444_800


def log_in(member: StaffMember) -> Client:
    """A browser in which `member` is logged in, for as long as the test lasts, whatever time it travels to."""
    client = Client()
    client.force_login(member, backend="organizations.staff.log_in.RoleBackend")
    session = client.session
    session.update(dict.fromkeys([BEGUN_AT, SEEN_AT, CONFIRMED_AT], _NEVER_OVER))
    session.save()
    return client


def register(till: Till, **item: Any) -> Customer:
    """A customer who registers at `till`."""
    with organization_scope(till.organization_id), transaction.atomic():
        actor = till_actor(till)
        context = load_input_context([item], by=actor)
        return register_customer(read_customer_input(item, context, action="add"), context=context, by=actor).customer


def list_of(noun: str) -> str:
    """The address of the list of `app_model`."""
    return reverse(f"admin:{noun}_changelist")


def page_of(noun: str, row: Any) -> str:
    """The address of the page of one row."""
    return reverse(f"admin:{noun}_change", args=[row.pk])


def shown(response: HttpResponse) -> list[Any]:
    """The rows that a list shows."""
    rows: list[Any] = list(response.context["cl"].result_list)  # type: ignore[attr-defined]  # test clients add it
    return rows


def confirmed(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What a form sends whose preview of these values was seen."""
    data = QueryDict(mutable=True)
    for name, value in typed.items():
        data.setlist(name, [str(each) for each in (value if isinstance(value, list) else [value])])
    return {**typed, "seen": digest_of(data)}


def filled_form(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """What the form at `address` sends when `changes` are typed into it, and confirmed where the page asks for that."""
    form = client.get(address).context["adminform"].form
    values: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = field.prepare_value(form.get_initial_for_field(field, name))
        if value is not None and value is not False:
            values[name] = [getattr(choice, "pk", choice) for choice in value] if isinstance(value, list) else value
    inlines = {f"{prefix}-{name}": count for prefix in ("tills",) for name, count in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))}
    typed = {**values, **inlines, "confirmed": "1", **changes}
    return {name: value for name, value in typed.items() if value is not None and value is not False}


def errors_of(response: HttpResponse) -> dict[str, list[str]]:
    """The form's errors by field; those above the form under `__all__`."""
    assert response.status_code == 200, "the form was accepted"
    form = response.context["adminform"].form  # type: ignore[attr-defined]  # test clients add it
    return {name: [without_small_tags(error) for error in errors] for name, errors in form.errors.items()}


def table_texts(table: Table) -> list[list[str]]:
    """The rows of a table on a page, each cell as text without tags."""
    return [[strip_tags(str(value)) for _, value in row] for row in table.cells]


def without_small_tags(text: str) -> str:
    """The text without the tags around the small print of a code."""
    return re.sub("</?small[^>]*>", "", str(text))


def text_of(answer: HttpResponse) -> str:
    """The text of a page, without tags, entities and runs of blanks."""
    return " ".join(unescape(strip_tags(answer.content.decode())).split())
