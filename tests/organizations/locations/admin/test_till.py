"""Tills in the back office, and the page that sets a password."""

import pytest
from django.test import Client

from organizations.audit.models import AuditEntry
from organizations.back_office.secrets import GENERATED_LENGTH, generate_secret
from organizations.credentials.hashing import is_till_password, password_digest, verify_digest
from organizations.locations.models import Store, Till
from tests.back_office import errors_of, filled_form, list_of, log_in, page_of, shown, text_of
from tests.factories.locations import TILL_PASSWORD, TillFactory
from tests.factories.staff import StaffMemberFactory

TILLS = "organizations_till"
ADD = "/admin/organizations/till/add/"


def password_page(till: Till) -> str:
    return page_of(TILLS, till).replace("/change/", "/password/")


def proves(till: Till, password: str) -> bool:
    till.refresh_from_db()
    return is_till_password(till, password)


def test_a_new_till_cannot_log_in_until_it_has_a_password(administrator: Client, store: Store) -> None:
    form = filled_form(administrator, ADD, store=store.pk, code="mgroad.till9", name="Till 9")
    answer = administrator.post(ADD, form, follow=True)
    till = Till.objects.get(code="mgroad.till9")
    assert not till.password_hash
    assert answer.redirect_chain == [(password_page(till), 302)]
    assert "mgroad.till9 has no password yet and cannot log in." in text_of(answer)
    assert "none" in administrator.get(list_of(TILLS)).content.decode()
    administrator.post(password_page(till), {"how": "type", "secret": "mangoes-and-9"})
    assert proves(till, "mangoes-and-9")
    assert AuditEntry.objects.latest("pk").new == {"password": "set"}


def test_a_generated_password_is_shown_once_and_not_stored(administrator: Client, till: Till) -> None:
    answer = administrator.post(password_page(till), {"how": "generate", "secret": ""})
    password = answer.context["shown"]
    assert len(password) == GENERATED_LENGTH
    assert password in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert proves(till, password)
    assert password not in administrator.get(page_of(TILLS, till)).content.decode()
    entry = AuditEntry.objects.get()
    assert (entry.old, entry.new) == ({}, {"password": "changed"})


def test_a_short_password_is_refused(administrator: Client, till: Till) -> None:
    answer = administrator.post(password_page(till), {"how": "type", "secret": "short"})
    assert answer.context["form"].errors == {"secret": ["It must have at least 12 characters."]}
    assert proves(till, "till-secret")
    assert administrator.post(password_page(till), {"how": "guess"}).context["form"].errors.keys() == {"how"}


def test_who_may_not_change_tills_sets_no_password(auditor: Client, administrator: Client, till: Till, stranger: Till) -> None:
    assert auditor.post(password_page(till), {"how": "type", "secret": "mangoes-and-9"}).status_code == 403
    assert administrator.post(password_page(stranger), {"how": "type", "secret": "mangoes-and-9"}).status_code == 302
    assert proves(till, "till-secret")
    assert verify_digest(stranger.password_hash, password_digest(TILL_PASSWORD))


def test_an_operator_sets_a_password_for_any_organization(operator: Client, stranger: Till) -> None:
    assert operator.get(password_page(stranger)).status_code == 200
    operator.post(password_page(stranger), {"how": "type", "secret": "mangoes-and-9"})
    stored = Till._base_manager.get(pk=stranger.pk)
    assert verify_digest(stored.password_hash, password_digest("mangoes-and-9"))


def test_the_hash_is_never_shown(administrator: Client, till: Till) -> None:
    for address in (page_of(TILLS, till), list_of(TILLS)):
        page = administrator.get(address).content.decode()
        assert till.password_hash not in page
        assert till.password_hash_sha256 not in page


@pytest.mark.parametrize("code", ["Till 1", "9till"])
def test_a_code_has_the_form_of_a_user_name(administrator: Client, store: Store, code: str) -> None:
    form = filled_form(administrator, ADD, store=store.pk, code=code, name="Till")
    assert list(errors_of(administrator.post(ADD, form))) == ["code"]


def test_a_code_is_unique_on_the_installation(administrator: Client, store: Store, stranger: Till) -> None:
    form = filled_form(administrator, ADD, store=store.pk, code=stranger.code, name="Till")
    assert errors_of(administrator.post(ADD, form)) == {"code": ["Is taken already."]}


def test_tills_are_narrowed_by_store(administrator: Client, till: Till) -> None:
    other = TillFactory(store__organization=till.organization, store__code="blr.other", code="other.till1")
    assert set(shown(administrator.get(list_of(TILLS)))) == {till, other}
    assert shown(administrator.get(list_of(TILLS), {"store": str(other.store_id)})) == [other]


def test_a_manager_is_offered_the_own_stores_alone(till: Till) -> None:
    TillFactory(store__organization=till.organization, store__code="blr.other", code="other.till1")
    manager = log_in(StaffMemberFactory(organization=till.organization, role="store_manager", stores=[till.store]))
    answer = manager.get(list_of(TILLS))
    assert shown(answer) == [till]
    store_filter = next(filter_spec for filter_spec in answer.context["cl"].filter_specs if filter_spec.title == "store")
    assert store_filter.lookup_choices == [(str(till.store_id), "MG Road")]


def test_generated_secrets_differ() -> None:
    assert generate_secret() != generate_secret()
