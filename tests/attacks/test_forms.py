"""Odd values in every field of every form of the back office: an error on the page, or stored as typed; never a failure."""

import html
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.html import conditional_escape, strip_tags

from loyalty_project.protocol.plain_text import one_line
from organizations.staff.reach import reach_of
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.attacks.form_pages import ODD_VALUES, PageForm, encoded, forms_of
from tests.attacks.pages import Page, all_actions, all_pages
from tests.attacks.places import ROLES, Place, fingerprint, open_places
from tests.back_office import log_in, page_of
from tests.factories.staff import StaffMemberFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FULL = os.environ.get("REGULARS_PROOFS") == "full"
FORM_TYPE = "application/x-www-form-urlencoded"


@pytest.fixture
def own(organization: Organization) -> Place:
    with unscoped("tests make their rows"):
        return open_places(organization)["own"]


def browsers(organization: Organization) -> list[tuple[Client, Any]]:
    """Staff of each role. A failure of the server is an answer, as for a browser."""
    found = []
    for role in ROLES:
        member = StaffMemberFactory(organization=organization, role=role, username=f"me.{role}")
        browser = log_in(member)
        browser.raise_request_exception = False
        found.append((browser, reach_of(member)))
    return found


def form_pages(own: Place) -> Iterator[tuple[Client, Page, str, PageForm]]:
    """Every form of a page of a row or of a new row, with a browser that may send it."""
    staff = browsers(own.till.store.organization)
    for page in all_pages()[:: 1 if FULL else 5]:
        if not page.permission or page.name.endswith(("_changelist", "_history", "_delete")):
            continue
        is_change = page.name.endswith("_change") and page.permission.split(".")[1].startswith("view_")
        permission = page.permission.replace(".view_", ".change_") if is_change else page.permission
        browser = next((browser for browser, reach in staff if reach.may(permission)), None)
        for address in page.addresses(own) if browser else []:
            answer = browser.get(address)
            is_page = answer.status_code == 200 and not answer.streaming  # a download has no forms
            for form in forms_of(answer.content.decode()) if is_page else []:
                yield browser, page, form.action or address, form


def send(browser: Client, address: str, body: bytes) -> HttpResponse:
    return browser.post(address, b"%s&_save=Save&post=yes" % body, content_type=FORM_TYPE)  # type: ignore[return-value]


def errors_shown(answer: HttpResponse) -> list[str]:
    """The errors of the forms of a page that its text has."""
    context: Any = getattr(answer, "context_data", None) or {}
    forms = [context.get("form"), getattr(context.get("adminform"), "form", None)]
    text = readable(answer.content.decode())
    errors = [error for form in forms if form is not None for found in form.errors.values() for error in found]
    return [str(error) for error in errors if readable(conditional_escape(error)) in text]


def readable(marked_up: str) -> str:
    """The text of HTML, with single blanks."""
    return " ".join(html.unescape(strip_tags(marked_up)).split())


def fault_of(browser: Client, page: Page, address: str, form: PageForm, attack: tuple[str, str, bytes]) -> str:
    """What is wrong with the answer to an attack; "" if nothing is. What it stored is taken back."""
    name, case, body = attack
    before = fingerprint()
    with transaction.atomic():
        answer = send(browser, address, body)
        try:
            if answer.status_code >= 500:
                return f"failed with {answer.status_code}"
            connection.check_constraints()
            if answer.status_code == 302:
                return fault_of_stored(browser, page, address, form, name, case)
            if answer.status_code == 200 and answer.context_data.get("shown"):  # type: ignore[attr-defined]
                return ""  # a generated secret
            if answer.status_code == 400 or errors_shown(answer):
                return "" if fingerprint() == before else "stored in spite of an error"
            return f"answered {answer.status_code} without an error"
        finally:
            transaction.set_rollback(True)


def fault_of_stored(browser: Client, page: Page, address: str, form: PageForm, name: str, case: str) -> str:
    """What is wrong with the row that an attack changed: text that is neither as typed nor as before."""
    if not page.name.endswith(("_change", "_edit")) or name not in form.texts or case not in {*ODD_VALUES, "missing"}:
        return ""
    again = dict(forms_of(browser.get(address).content.decode())[0].sent).get(name, "")
    stored = dict(form.sent)[name]
    if case == "missing":
        return "" if again == stored else f"lost {stored!r}"
    typed = one_line(ODD_VALUES[case].decode(errors="surrogateescape"))
    return "" if one_line(again) == typed or (typed.isdecimal() and again == str(int(typed))) else f"stored {again[:50]!r}"


def some(form: PageForm, number: int) -> list[tuple[str, str, bytes]]:
    """All attacks in the full run; else one, another one for each number: at one field, or at all fields at once."""
    attacks = list(form.attacks_at_once() if number % 2 else form.attacks())
    return [*form.attacks_at_once(), *form.attacks()] if FULL else attacks[number * 7 % len(attacks) :][:1]


def test_odd_values_are_an_error_on_the_page_or_stored_as_typed(own: Place) -> None:
    faults, seen = [], set()
    for number, (browser, page, address, form) in enumerate(form_pages(own)):
        seen.add(page.name)
        found = [(*attack[:2], fault_of(browser, page, address, form, attack)) for attack in some(form, number)]
        faults += [(page.name, name, case, fault) for name, case, fault in found if fault]
    assert len(seen) > (30 if FULL else 4)
    assert not faults


@pytest.mark.parametrize("name", ["admin:login", "admin:password_change", "confirm_password"])
def test_odd_names_and_passwords_are_an_error_on_the_page(organization: Organization, name: str) -> None:
    member = StaffMemberFactory(organization=organization, role=ROLES[0], username="me")
    browser = Client() if name == "admin:login" else log_in(member)
    browser.raise_request_exception = False
    address, before = reverse(name), fingerprint()
    (form,) = [form for form in forms_of(browser.get(address).content.decode()) if "logout" not in form.action]
    attacks = [*form.attacks_at_once(), *form.attacks()]
    for field, case, body in attacks if FULL else attacks[::9]:
        with transaction.atomic():
            answer = send(browser, address, body)
            transaction.set_rollback(True)
        assert answer.status_code in {200, 400}, (field, case, answer.status_code)
        assert answer.status_code == 400 or errors_shown(answer), (field, case)
    assert fingerprint() == before


def test_odd_selections_change_no_row(own: Place) -> None:
    staff = browsers(own.till.store.organization)
    before = fingerprint()
    odd = list(ODD_VALUES.items()) if FULL else list(ODD_VALUES.items())[2::9]
    for model, names in all_actions().items():
        noun = f"{model._meta.app_label}_{model._meta.model_name}"
        permission = f"{model._meta.app_label}.view_{model._meta.model_name}"
        browser = next((browser for browser, reach in staff if reach.may(permission)), None)
        for case, value in odd if browser else []:
            for field, other in [("_selected_action", ("action", names[0])), ("action", ("_selected_action", "1"))]:
                body = encoded([(field, value), (other[0], other[1].encode()), ("index", value), ("select_across", b"0")])
                answer = browser.post(reverse(f"admin:{noun}_changelist"), body, content_type=FORM_TYPE)
                assert answer.status_code in {200, 302, 400}, (noun, field, case)
    assert fingerprint() == before


@pytest.mark.parametrize("count", ["1000", "99999999999999999999", "-1", "NaN", "\u0661"] if FULL else ["1000"])
def test_counts_of_shown_rows_are_not_read(own: Place, count: str) -> None:
    browser = browsers(own.till.store.organization)[0][0]
    store = own.till.store
    for counter in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS", "MAX_NUM_FORMS"):
        answer = browser.post(page_of("organizations_store", store), {"name": "", f"tills-{counter}": count})
        (formset,) = answer.context["inline_admin_formsets"]  # type: ignore[attr-defined]
        assert len(formset.formset.forms) == 1
        assert errors_shown(answer) == ["This field is required."]


def test_a_field_that_was_not_sent_keeps_its_value(own: Place) -> None:
    browser = browsers(own.till.store.organization)[0][0]
    store = own.till.store
    store.external_id = "EXT-1"
    with unscoped("the test's own row"):
        store.save()
    browser.post(page_of("organizations_store", store), {"name": "New name"})
    with unscoped("the test's own row"):
        store.refresh_from_db()
    assert (store.name, store.external_id) == ("New name", "EXT-1")


def test_text_that_is_not_utf8_is_an_error_at_its_field(own: Place) -> None:
    browser = browsers(own.till.store.organization)[0][0]
    body = encoded([("name", ODD_VALUES["lone surrogate"])])
    answer = browser.post(page_of("organizations_store", own.till.store), body, content_type=FORM_TYPE)
    assert errors_shown(answer) == ["A character could not be read (it is shown as \ufffd). Type it again."]
