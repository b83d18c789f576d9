"""The matrix of scopes: each role, each page and action, and rows of the own store, another store and another organization."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from organizations.staff.models import StaffMember
from organizations.staff.reach import reach_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.attacks.pages import ACTIONS, SITE_PAGES, Page, all_actions, all_pages, site_pages
from tests.attacks.places import OF_A_STORE, ROLES, Place, fingerprint, open_places
from tests.back_office import log_in, shown
from tests.factories.staff import StaffMemberFactory

pytestmark = [pytest.mark.django_db]
FULL = os.environ.get("REGULARS_PROOFS") == "full"
# Role, and whether limited to the own store.
MEMBERS = [(role, is_limited) for role in ROLES for is_limited in (True, False)] if FULL else [("store_manager", True)]
# What every form of an action takes, so that a page that does not check the row would act on it.
FORM = {
    "reason": "Because", "answer": "0", "kind": "mobile", "new_value": "9812399999", "comments": "x", "points": "5",
    "label": "", "how": "type", "secret": "correct-horse-battery", "post": "yes", "name": "Changed", "is_active": "",
}  # fmt: skip


@pytest.fixture
def places(organization: Organization) -> dict[str, Place]:
    with unscoped("tests make their rows"):
        return open_places(organization)


def member_with(places: dict[str, Place], role: str, *, is_limited: bool) -> StaffMember:
    store = places["own"].till.store
    return StaffMemberFactory(
        organization=store.organization, role=role, username=f"me.{role}", stores=[store] if is_limited else []
    )


def is_in_scope(page: Page, place: Place, *, is_limited: bool) -> bool:
    """True if a member of staff of the own store may see the place's row of the page, whatever the role."""
    if page.row_model is None or place.name == "own":
        return True
    is_of_a_store = page.row_model._meta.model_name in OF_A_STORE
    return place.name == "elsewhere" and not (is_limited and is_of_a_store)


def is_refused(answer: HttpResponse) -> bool:
    """True if nothing is shown: not allowed, not found, or back at the start page."""
    return answer.status_code in {403, 404} or (answer.status_code == 302 and answer["Location"] == "/admin/")


def cases(places: dict[str, Place]) -> Iterator[tuple[Page, Place, str]]:
    for page in all_pages():
        for place in places.values() if page.row_model else [places["own"]]:
            for address in page.addresses(place):
                yield page, place, address


# --- everything is in the matrix


def test_every_model_of_the_back_office_has_rows_in_each_place(places: dict[str, Place]) -> None:
    for place in places.values():
        assert set(place.rows) == set(admin.site._registry), f"Add a row of each model to places.py: {place.name}"


def test_every_page_and_action_has_its_permission_in_the_matrix() -> None:
    assert len(all_pages()) > 100
    assert {name for names in all_actions().values() for name in names} == set(ACTIONS)
    assert site_pages() == SITE_PAGES


# --- pages


@pytest.mark.slow
@pytest.mark.parametrize(("role", "is_limited"), MEMBERS)
def test_pages_show_rows_in_scope_alone(places: dict[str, Place], role: str, is_limited: bool) -> None:  # noqa: FBT001
    member = member_with(places, role, is_limited=is_limited)
    browser, reach = log_in(member), reach_of(member)
    wrong = []
    for page, place, address in cases(places):
        is_admitted = reach.may(page.permission) and is_in_scope(page, place, is_limited=is_limited)
        if is_admitted and not FULL and place.name != "own":
            continue
        answer = browser.get(address)
        if is_admitted == is_refused(answer):
            wrong.append((address, answer.status_code))
        if place.name != "own" and not is_admitted and any(mark in answer.content.decode() for mark in place.marks):
            wrong.append((address, "shown"))
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize(("role", "is_limited"), MEMBERS)
def test_forms_change_rows_in_scope_alone(places: dict[str, Place], role: str, is_limited: bool) -> None:  # noqa: FBT001
    member = member_with(places, role, is_limited=is_limited)
    browser, reach = log_in(member), reach_of(member)
    before = fingerprint()
    wrong = []
    for page, place, address in cases(places):
        if not (reach.may(page.permission) and is_in_scope(page, place, is_limited=is_limited)):
            answer = browser.post(address, FORM)
            if not is_refused(answer):
                wrong.append((address, answer.status_code))
    assert not wrong
    assert fingerprint() == before


@pytest.mark.slow
@pytest.mark.parametrize(("role", "is_limited"), MEMBERS)
def test_lists_show_rows_in_scope_alone(places: dict[str, Place], role: str, is_limited: bool) -> None:  # noqa: FBT001
    member = member_with(places, role, is_limited=is_limited)
    browser, reach = log_in(member), reach_of(member)
    hidden = [place for name, place in places.items() if name == "foreign" or (name == "elsewhere" and is_limited)]
    for page in all_pages():
        if page.name.endswith("_changelist") and reach.may(page.permission):
            rows, content = _whole_list(browser, page)
            assert not {place.rows[page.model] for place in hidden} & rows, page.name
            assert not [mark for place in hidden for mark in place.marks if mark in content], page.name
            assert places["own"].rows[page.model] in rows or page.name == "customers_customer_changelist"


def _whole_list(browser: Client, page: Page) -> tuple[set[Any], str]:
    answer = browser.get(page.address())
    return set(shown(answer)), answer.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("role", "is_limited"), MEMBERS)
def test_actions_change_rows_in_scope_alone(places: dict[str, Place], role: str, is_limited: bool) -> None:  # noqa: FBT001
    member = member_with(places, role, is_limited=is_limited)
    browser, reach = log_in(member), reach_of(member)
    before = fingerprint()
    for model, names in all_actions().items():
        app, noun = model._meta.app_label, model._meta.model_name
        is_of_a_store = noun in OF_A_STORE
        for name in names:
            permission = f"{app}.change_{noun}" if ACTIONS[name] == "change" else ACTIONS[name]
            others = [places["foreign"]]
            if not reach.may(permission):
                others = list(places.values())
            elif is_limited and is_of_a_store:
                others.append(places["elsewhere"])
            forged = [place.rows[model].pk for place in others]
            address = reverse(f"admin:{app}_{noun}_changelist")
            for more in ({}, {"select_across": "0", "index": "0"}):
                browser.post(address, {"action": name, "_selected_action": forged, **more})
    assert fingerprint() == before
