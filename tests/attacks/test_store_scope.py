"""The matrix of scopes: each role, each page and action, and rows of the own store, another store and another organization."""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from customers.identity_requests.models import IdentityRequest
from engagement.points.models import PointsAccount
from engagement.redemptions.models import Redemption
from organizations.audit.services import Change, record_changes
from organizations.card_series.models import CardSeries
from organizations.staff.models import StaffMember
from organizations.staff.reach import reach_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.attacks.pages import ACTIONS, SITE_PAGES, Page, all_actions, all_pages, site_pages
from tests.attacks.places import OF_A_STORE, ROLES, Place, fingerprint, open_places
from tests.back_office import log_in, page_of, register, shown
from tests.factories.bills import BillFactory
from tests.factories.cards import CardFactory
from tests.factories.identity_requests import ask_as, known_by, set_flags, staff
from tests.factories.points import give_points
from tests.factories.staff import StaffMemberFactory
from use_cases.merging import merge_customers

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


def test_every_role_is_refused_the_pages_that_it_may_not_use(places: dict[str, Place]) -> None:
    """All roles, whatever the extent of the proofs: refusals are fast."""
    members = [member_with(places, role, is_limited=False) for role in ROLES]
    browsers = {member.role: (log_in(member), reach_of(member)) for member in members}
    before, wrong = fingerprint(), []
    for role, (browser, reach) in browsers.items():
        forbidden = [page for page in all_pages() if not reach.may(page.permission)]
        assert forbidden
        for page in forbidden:
            answer = browser.post(page.addresses(places["own"])[0], FORM)
            if not is_refused(answer):
                wrong.append((role, page.name, answer.status_code))
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
                browser.post(address, {"action": name, "confirmed": "1", "_selected_action": forged, **more})
    assert fingerprint() == before


# --- rows that two stores share


@pytest.fixture
def shared_rows(places: dict[str, Place]) -> tuple[list[Any], list[str]]:
    """Rows that the own store shares with another store, and patterns of what only the other store may read of them."""
    own, elsewhere = places["own"], places["elsewhere"]
    organization = own.till.organization
    by = staff(organization)
    far = register(elsewhere.till, firstname="Hidden", lastname="Victim", mobile="9812377771")
    taker = register(elsewhere.till, firstname="Hidden", lastname="Taker", mobile="9812377772")
    near = register(own.till, firstname="Near", mobile="9812377773")
    with transaction.atomic():
        give_points(PointsAccount.objects.get(customer=far), 20)
    card = CardFactory(series=own.rows[CardSeries], number="SHARED1", customer=far)
    record_changes([Change(action="created", object_type="card", object_id=card.pk, new={"customer": far.pk})], by=by)
    incoming = merge_customers(survivor=own.customer.pk, victim=far.pk, by=by).merge
    merge_customers(survivor=taker.pk, victim=near.pk, by=by)
    bill = BillFactory(till=own.till, customer=elsewhere.customer)
    code = elsewhere.rows[Redemption]
    Redemption.objects.filter(pk=code.pk).update(bill=bill)
    request = ask_as(by, "mobile", "9812300011", "9812300021", is_known=True)
    ask_as(by, "email", "marked.elsewhere@example.com", "marked.own@example.com", is_known=True)
    hidden = [customer.pk for customer in (far, taker, elsewhere.customer, elsewhere.twin)]
    patterns = [
        *(rf"\b{mark}\b" for mark in (*elsewhere.marks, "Hidden", str(code))),
        *(rf"(customer|Customer) {pk}\b|/customer/{pk}/" for pk in hidden),
        rf"customer(</dt>|\W)+{far.pk}\b",
    ]
    return [own.customer, near, incoming, bill, request, card], patterns


def pages_of(rows: list[Any]) -> list[str]:
    """The pages of these rows, with their forms and histories."""
    addresses = []
    for row in rows:
        for page in all_pages():
            if page.model is type(row) and set(page.parts) <= {"object_id", "verb"} and "object_id" in page.parts:
                for verb in ("approve", "reject") if "verb" in page.parts else ("",):
                    parts = {"object_id": row.pk, **({"verb": verb} if verb else {})}
                    addresses.append(page.address(**parts))
    return addresses


def test_no_page_shows_a_detail_of_a_customer_of_another_store(
    places: dict[str, Place], shared_rows: tuple[list[Any], list[str]]
) -> None:
    browser = log_in(member_with(places, "store_manager", is_limited=True))
    rows, patterns = shared_rows
    lists = [page.address() for page in all_pages() if page.name.endswith("_changelist")]
    leaks = []
    for address in ["/admin/", *lists, *pages_of(rows)]:
        content = browser.get(address, follow=True).content.decode()
        leaks += [(address, found[0]) for pattern in patterns if (found := re.search(pattern, content))]
    assert not leaks
    assert "a customer of another store" in browser.get(page_of("customers_customer", rows[0])).content.decode()


def test_staff_of_the_whole_organization_read_all_of_it(
    places: dict[str, Place], shared_rows: tuple[list[Any], list[str]]
) -> None:
    browser = log_in(member_with(places, "care_agent", is_limited=False))
    (customer, near, incoming, bill, request, _), _ = shared_rows
    for noun, row in [("customer", customer), ("customer", near), ("merge", incoming), ("identityrequest", request)]:
        content = browser.get(page_of(f"customers_{noun}", row)).content.decode()
        assert "Hidden" in content or "Markedelsewhere" in content
        assert "of another store" not in content
    assert "Markedelsewhere" in browser.get(page_of("engagement_bill", bill)).content.decode()


def test_a_merge_with_another_store_is_undone_by_who_sees_both(
    places: dict[str, Place], shared_rows: tuple[list[Any], list[str]]
) -> None:
    merge = shared_rows[0][2]
    undo = reverse("admin:customers_merge_undo", args=[merge.pk])
    limited = log_in(member_with(places, "store_manager", is_limited=True))
    assert undo not in limited.get(page_of("customers_merge", merge)).content.decode()
    assert limited.post(undo, {"reason": "Two people"}).status_code == 403
    agent = log_in(member_with(places, "care_agent", is_limited=False))
    assert agent.post(undo, {"reason": "Two people"}).status_code == 302
    merge.refresh_from_db()
    assert merge.undone_by == "staff:me.care_agent"


def test_two_customers_of_different_stores_are_merged_by_who_sees_both(places: dict[str, Place]) -> None:
    browser = log_in(member_with(places, "store_manager", is_limited=True))
    before = fingerprint()
    merge = next(page for page in all_pages() if page.name == "customers_customer_merge")
    for first, second in [("own", "elsewhere"), ("elsewhere", "own"), ("own", "foreign")]:
        for address in merge.addresses(places[first], victim=places[second].customer):
            for method in ("get", "post"):
                assert is_refused(getattr(browser, method)(address, {"reason": "The same"}))
    assert fingerprint() == before


@pytest.mark.parametrize(
    ("role", "owner"), [("store_staff", "own"), ("store_staff", "elsewhere"), ("store_manager", "elsewhere")]
)
def test_an_automatic_approval_merges_for_those_alone_who_may(places: dict[str, Place], role: str, owner: str) -> None:
    set_flags(places["own"].till.organization, CI_MOBILE_AUTO_APPROVE=1)
    browser = log_in(member_with(places, role, is_limited=True))
    taken = register(places[owner].till, firstname="Taken", mobile="9812377777")
    form = {"kind": "mobile", "new_value": "98123 77777", "comments": "Says so"}
    answer = browser.post(
        reverse("admin:customers_customer_request_change", args=[places["own"].customer.pk]), form, follow=True
    )
    request = IdentityRequest.objects.get(new_value="919812377777")
    assert (request.status, request.other) == ("PENDING", taken)
    assert known_by(taken) == {"mobile": "919812377777"}
    assert ("Taken" in answer.content.decode()) == (owner == "own")
    assert "A colleague who sees both and may merge has to approve it." in answer.content.decode()


def test_an_automatic_approval_merges_at_once_for_who_may_merge(places: dict[str, Place]) -> None:
    set_flags(places["own"].till.organization, CI_MOBILE_AUTO_APPROVE=1)
    browser = log_in(member_with(places, "store_manager", is_limited=True))
    taken = register(places["own"].till, mobile="9812377777")
    form = {"kind": "mobile", "new_value": "98123 77777", "comments": "Says so"}
    browser.post(reverse("admin:customers_customer_request_change", args=[places["own"].customer.pk]), form)
    assert known_by(places["own"].customer)["mobile"] == "919812377777"
    taken.refresh_from_db()
    assert taken.merged_into == places["own"].customer


def test_a_change_of_a_shared_value_is_of_the_customer_of_the_page(places: dict[str, Place]) -> None:
    set_flags(places["own"].till.organization, CONF_USERS_IS_EMAIL_UNIQUE=0, CI_EMAIL_AUTO_APPROVE=1)
    first = register(places["elsewhere"].till, mobile="9812377771", email="family@example.com")
    second = register(places["own"].till, mobile="9812377772", email="family@example.com")
    browser = log_in(member_with(places, "store_staff", is_limited=True))
    form = {"kind": "email", "new_value": "own@example.com", "comments": "Says so"}
    browser.post(reverse("admin:customers_customer_request_change", args=[second.pk]), form)
    assert (known_by(first)["email"], known_by(second)["email"]) == ("family@example.com", "own@example.com")
