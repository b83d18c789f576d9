"""The doors of the back office: log-in, log-out, and what happens after too many guesses."""

import pytest
from argon2 import PasswordHasher
from axes.models import AccessAttempt
from django.test import Client
from pytest_django import Settings

from organizations.credentials import verification_cache
from organizations.credentials.models import CredentialFailure
from organizations.credentials.verification_cache import verified_secrets
from organizations.tenancy.models import Organization
from tests.back_office import log_in
from tests.factories.staff import STAFF_PASSWORD, StaffMemberFactory

LOG_IN = "/admin/login/"


def guess(browser: Client, password: str, username: str = "org_admin") -> int:
    return browser.post(f"{LOG_IN}?next=/admin/", {"username": username, "password": password}).status_code


def test_the_log_in_page_bears_the_name_of_the_product(db: None) -> None:
    page = Client().get(LOG_IN).content.decode()
    assert "<b>Regulars</b>" in page
    assert 'name="password"' in page


def test_pages_lead_to_the_log_in_and_back(organization: Organization) -> None:
    StaffMemberFactory(organization=organization, role="org_admin")
    browser = Client()
    asked = browser.get("/admin/customers/customer/?q=anna")
    assert asked["Location"] == "/admin/login/?next=/admin/customers/customer/%3Fq%3Danna"
    page = browser.get(asked["Location"])
    assert page.context["next"] == "/admin/customers/customer/?q=anna"
    answer = browser.post(asked["Location"], {"username": "org_admin", "password": STAFF_PASSWORD})
    assert answer["Location"] == "/admin/customers/customer/?q=anna"


def test_a_wrong_password_is_reported(organization: Organization) -> None:
    StaffMemberFactory(organization=organization, role="org_admin")
    answer = Client().post(LOG_IN, {"username": "org_admin", "password": "wrong"})
    assert "Please enter the correct username and password" in answer.content.decode()
    assert "Please correct" in Client().post(LOG_IN, {"username": "org_admin"}).content.decode()


def test_too_many_guesses_close_the_log_in_for_a_while(organization: Organization, settings: Settings) -> None:
    StaffMemberFactory(organization=organization, role="org_admin")
    browser = Client()
    assert [guess(browser, "wrong") for _ in range(settings.AXES_FAILURE_LIMIT)] == [200, 200, 200, 200, 429]
    answer = browser.post(LOG_IN, {"username": "org_admin", "password": STAFF_PASSWORD})
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.content.decode()
    assert guess(browser, "wrong", username="another.user") == 200


def test_who_logs_out_is_out(organization: Organization) -> None:
    browser = log_in(StaffMemberFactory(organization=organization, role="org_admin"))
    assert browser.get("/admin/").status_code == 200
    browser.post("/admin/logout/")
    assert browser.get("/admin/").status_code == 302


def test_your_own_password_is_changed_with_the_old_one(organization: Organization) -> None:
    member = StaffMemberFactory(organization=organization, role="org_admin")
    browser = log_in(member)
    new = {"new_password1": "another-fine-horse", "new_password2": "another-fine-horse"}
    assert browser.post("/admin/password_change/", {"old_password": "wrong", **new}).status_code == 200
    assert browser.post("/admin/password_change/", {"old_password": STAFF_PASSWORD, **new}).status_code == 302
    member.refresh_from_db()
    assert member.check_password("another-fine-horse")


CUSTOMERS = {
    *("Customers", "Identity requests", "Merges", "Cards", "Consent log", "Notes", "Interactions", "Notifications"),
    "Tickets",
}
GROUPINGS = {"Segments", "User groups", "Statuses"}
PROGRAMS = {"Programs", "Coupon series", "Bought together"}
REFERRALS = {"Referrals", "Invitations", "Rewards", "Campaigns"}
POINTS = {
    "Adjustments", "Memberships", "Bills", "Points", "Expiring points", "Ledger", "Lots", "Redemptions", "Coupons",
    "Recommendations",
}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "rooms"),
    [
        ("store_staff", {"Customers", "Identity requests", "Cards", "Notes", "Tickets", "Bills", "Redemptions", "Coupons"}),
        (
            "store_manager",
            {
                *CUSTOMERS,
                "Likely duplicates",
                *PROGRAMS,
                *POINTS,
                *REFERRALS,
                "Erasures",
                "Messages",
                "Imports",
                "Stores",
                "Tills",
            },
        ),
        (
            "care_agent",
            {
                *CUSTOMERS,
                *GROUPINGS,
                "Likely duplicates",
                *PROGRAMS,
                *POINTS,
                *REFERRALS,
                "Deferred events",
                "Erasures",
                "Messages",
                "Audit",
            },
        ),
    ],
)
def test_the_sidebar_has_the_pages_of_the_role(organization: Organization, role: str, rooms: set[str]) -> None:
    answer = log_in(StaffMemberFactory(organization=organization, role=role)).get("/admin/")
    shown = {
        item["title"] for group in answer.context["sidebar_navigation"] for item in group["items"] if item["has_permission"]
    }
    assert shown - {"Start"} == rooms


def test_models_of_libraries_have_no_pages(db: None) -> None:
    operator = log_in(StaffMemberFactory(operator=True))
    for room in ("auth/group", "procrastinate/procrastinatejob"):
        assert operator.get(f"/admin/{room}/").status_code == 404
    assert operator.get("/admin/organizations/").status_code == 200


def test_unknown_addresses_get_our_own_error_page(organization: Organization) -> None:
    answer = log_in(StaffMemberFactory(organization=organization, role="org_admin")).get("/admin/nowhere/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("a" * 151, "x"),
        ("a" * 256, "x"),
        ("a" * 100_000, "x"),
        ("a\0b", "x"),
        ("asha", "a\0b"),
        ("asha", "x" * 100_000),
        ("\u202e", "x"),
    ],
)
def test_an_odd_name_or_password_is_an_error_of_the_form(organization: Organization, username: str, password: str) -> None:
    answer = Client().post(LOG_IN, {"username": username, "password": password})
    assert (answer.status_code, bool(answer.context["form"].errors)) == (200, True)


def test_guesses_from_the_same_address_do_not_lock_out_who_logged_in_there(organization: Organization) -> None:
    StaffMemberFactory(organization=organization, role="org_admin")
    assert guess(Client(), STAFF_PASSWORD) == 302
    verified_secrets.clear()
    assert {guess(Client(), f"guess {number}") for number in range(8)} == {200}
    assert guess(Client(), STAFF_PASSWORD) == 302


def test_nobody_locks_the_staff_out_from_another_address(organization: Organization) -> None:
    names = [StaffMemberFactory(organization=organization, role=role).username for role in ("org_admin", "store_staff")]
    attacker = Client(REMOTE_ADDR="203.0.113.9")
    for name in names:
        assert [guess(attacker, f"guess {number}", name) for number in range(6)] == [200] * 4 + [429] * 2
        assert guess(attacker, STAFF_PASSWORD, name) == 429
    assert [guess(Client(REMOTE_ADDR="198.51.100.7"), STAFF_PASSWORD, name) for name in names] == [302, 302]


def test_invented_names_add_one_row_for_an_address(organization: Organization) -> None:
    StaffMemberFactory(organization=organization, role="org_admin")
    answers = [guess(Client(headers={"user-agent": f"browser {number}"}), "guess", f"nobody{number}") for number in range(30)]
    assert answers == [200] * 4 + [429] * 26
    assert list(CredentialFailure.objects.values_list("name", "failures")) == [("unknown", 5)]
    assert set(AccessAttempt.objects.values_list("username", flat=True)) == {"unknown"}
    assert AccessAttempt.objects.count() == 5
    assert guess(Client(), STAFF_PASSWORD) == 302


def test_too_many_log_ins_at_a_time_are_an_error_of_the_form(organization: Organization, monkeypatch) -> None:
    monkeypatch.setattr(verification_cache, "LONGEST_WAIT", 0.0)
    with verification_cache._slow_hash:
        answer = Client().post(LOG_IN, {"username": "asha", "password": "guess"})
    assert "Too many people are logging in" in answer.content.decode()


def test_an_old_hash_of_a_password_is_replaced_at_the_next_log_in(organization: Organization, settings) -> None:
    settings.PASSWORD_HASHERS = ["organizations.staff.hashers.StaffHasher"]
    member = StaffMemberFactory(organization=organization, role="org_admin")
    member.password = (
        PasswordHasher(memory_cost=64, time_cost=1, parallelism=2)
        .hash(STAFF_PASSWORD)
        .replace("$argon2id", "argon2$argon2id", 1)
    )
    member.save()
    assert guess(Client(), STAFF_PASSWORD) == 302
    member.refresh_from_db()
    assert "$m=8,t=1,p=1$" in member.password
    assert guess(Client(), STAFF_PASSWORD) == 302
