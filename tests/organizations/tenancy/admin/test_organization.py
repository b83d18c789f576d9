"""The organization's own page, with a field for every policy."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import errors_of, filled_form, list_of, page_of, shown
from tests.factories.fields import FieldFactory
from tests.factories.points import PointsAccountFactory, give_points

ORGANIZATIONS = "organizations_organization"
ADD = "/admin/organizations/organization/add/"


def test_an_administrator_changes_policies(administrator: Client, organization: Organization) -> None:
    organization.flags = {"BATCH_LIMIT": 7}
    organization.save()
    page = page_of(ORGANIZATIONS, organization)
    form = filled_form(
        administrator,
        page,
        name="Northwind Ltd",
        BATCH_LIMIT="",
        RATE_LIMIT_PER_MINUTE="60",
        CONF_USERS_IS_EMAIL_UNIQUE=False,
        CONF_ALLOW_EMAIL_UPDATE="on",
        OTP_CHANNEL="EMAIL",
        CONF_LOYALTY_MAX_BILL_AMOUNT="100000.50",
        countries="GB, AE, FR",
    )
    assert administrator.post(page, form).status_code == 302
    organization.refresh_from_db()
    assert organization.flags == {
        "RATE_LIMIT_PER_MINUTE": 60,
        "CONF_USERS_IS_EMAIL_UNIQUE": 0,
        "CONF_ALLOW_EMAIL_UPDATE": 1,
        "OTP_CHANNEL": "EMAIL",
        "CONF_LOYALTY_MAX_BILL_AMOUNT": "100000.5",
    }
    assert organization.countries == ["GB", "AE", "FR"]
    entry = AuditEntry.objects.get()
    assert entry.old == {"name": "Northwind", "countries": ["GB", "AE"], "flags": {"BATCH_LIMIT": 7}}
    assert entry.new["flags"] == organization.flags


def test_what_changes_is_shown_before_it_is_saved(administrator: Client, organization: Organization) -> None:
    page = page_of(ORGANIZATIONS, organization)
    form = filled_form(
        administrator, page, CONF_USERS_IS_EMAIL_UNIQUE=False, BATCH_LIMIT="60", timezone="Asia/Dubai", confirmed=None
    )
    asked = administrator.post(page, form)
    organization.refresh_from_db()
    assert (organization.flags, organization.timezone) == ({}, "Asia/Kolkata")
    assert asked.context["policies"] == [
        ("An e-mail belongs to one customer only", "CONF_USERS_IS_EMAIL_UNIQUE", "yes", "no"),
        ("Items per call", "BATCH_LIMIT", "100", "60"),
    ]
    assert asked.context["zones"] == ("Asia/Kolkata", "Asia/Dubai")
    assert len(asked.context["sentences"]) == 3
    sent: dict[str, Any] = {"confirmed": "1"}
    for name, value in asked.context["values"]:
        sent.setdefault(name, []).append(value)
    assert administrator.post(page, sent).status_code == 302
    organization.refresh_from_db()
    assert organization.flags == {"CONF_USERS_IS_EMAIL_UNIQUE": 0, "BATCH_LIMIT": 60}
    # What is no policy is saved at once, and what is wrong is refused without a question.
    named = filled_form(administrator, page, name="Northwind Ltd", confirmed=None)
    assert administrator.post(page, named).status_code == 302
    wrong = filled_form(administrator, page, BATCH_LIMIT="0", confirmed=None)
    assert errors_of(administrator.post(page, wrong)).keys() == {"BATCH_LIMIT"}


def test_the_organization_file_is_shown_without_secrets(auditor: Client, seller: Client, till: Till) -> None:
    page = page_of(ORGANIZATIONS, till.organization).replace("/change/", "/yaml/")
    text = auditor.get(page).context["text"]
    assert "code: northwind" in text
    assert "mgroad.till1" in text
    assert "password" not in text
    assert seller.get(page).status_code in (302, 403)


def test_saving_without_a_change_changes_nothing(administrator: Client, organization: Organization) -> None:
    organization.flags = {"CONF_MIN_REGISTRATION_DATE": "2001-02-03", "CONF_CARD_CHECKSUM_DIGIT_ALGO": "LUHN"}
    organization.save()
    page = page_of(ORGANIZATIONS, organization)
    assert administrator.post(page, filled_form(administrator, page)).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"BATCH_LIMIT": "0"}, {"BATCH_LIMIT": ["Must be from 1 to 10000."]}),
        ({"EXTERNAL_ID_PATTERN": "("}, {"EXTERNAL_ID_PATTERN": ["Must be a regular expression of RE2 syntax: missing ): (."]}),
        ({"CONF_MIN_BILLING_DATE": "soon"}, {"CONF_MIN_BILLING_DATE": ["Must be a date, YYYY-MM-DD."]}),
        ({"currency": "rupee"}, None),
        ({"currency": "inr"}, {"currency": ["Must be a currency of ISO 4217 in three capital letters, like INR."]}),
        ({"base_country": "XX"}, {"base_country": ["Must be a country of ISO 3166-1 in two capital letters, like IN."]}),
        ({"countries": "GB,GB"}, {"countries": ["'GB' stands here twice."]}),
        ({"language": "e"}, {"language": ["Must be a language code, like en or pt-BR."]}),
        ({"timezone": "Mars/North"}, None),
        ({"gender_field": "nothing"}, None),
    ],
)
def test_a_form_is_as_strict_as_the_organization_file(
    administrator: Client, organization: Organization, typed: dict[str, str], errors: dict[str, list[str]] | None
) -> None:
    page = page_of(ORGANIZATIONS, organization)
    messages = errors_of(administrator.post(page, filled_form(administrator, page, **typed)))
    assert messages == errors if errors else list(messages) == list(typed)
    organization.refresh_from_db()
    assert organization.flags == {}


def test_the_gender_field_is_one_of_the_customers_fields(administrator: Client, organization: Organization) -> None:
    FieldFactory(organization=organization, name="gender", category="extended")
    FieldFactory(organization=organization, name="sex", category="ticket")
    organization.gender_field = "former"
    organization.save()
    page = page_of(ORGANIZATIONS, organization)
    choices = administrator.get(page).context["adminform"].form.fields["gender_field"].choices
    assert choices == [("", "none"), ("gender", "gender"), ("former", "former")]


def test_an_administrator_sets_the_identity_verification(administrator: Client, organization: Organization) -> None:
    FieldFactory(organization=organization, name="city", category="extended")
    organization.identity_verification = {"mandatory": ["former"]}
    organization.save()
    page = page_of(ORGANIZATIONS, organization)
    offered = administrator.get(page).context["adminform"].form.fields["verification_mandatory"].choices
    assert [name for name, _ in offered] == ["firstname", "lastname", "mobile", "email", "external_id", "city", "former"]
    form = filled_form(
        administrator,
        page,
        verification_mandatory=["firstname"],
        verification_optional=["email", "city"],
        verification_optional_matches="1",
        verification_otp="on",
    )
    assert administrator.post(page, form).status_code == 302
    organization.refresh_from_db()
    chosen = {"mandatory": ["firstname"], "optional": ["email", "city"], "optional_matches": 1, "otp": True}
    assert organization.identity_verification == chosen
    assert AuditEntry.objects.get().new == {"identity_verification": chosen}
    assert administrator.post(page, filled_form(administrator, page)).status_code == 302
    assert AuditEntry.objects.count() == 1


def test_what_must_be_known_is_checked_as_in_the_organization_file(administrator: Client, organization: Organization) -> None:
    page = page_of(ORGANIZATIONS, organization)
    typed = {"verification_optional": ["email"], "verification_optional_matches": "2"}
    messages = errors_of(administrator.post(page, filled_form(administrator, page, **typed)))
    assert messages == {"verification_optional_matches": ["Must not be more than the optional fields."]}
    typed = {"verification_mandatory": ["email"], "verification_optional": ["email"]}
    messages = errors_of(administrator.post(page, filled_form(administrator, page, **typed)))
    assert messages == {"verification_optional": ["'email' is mandatory already."]}


@pytest.mark.parametrize(
    ("section", "text"),
    [
        ({}, "nothing"),
        ({"mandatory": ["firstname", "city"]}, "firstname, city must match"),
        ({"optional": ["email"], "optional_matches": 1, "otp": True}, "1 of email must match; a one-time code is required"),
    ],
)
def test_an_auditor_reads_what_must_be_known(
    auditor: Client, organization: Organization, section: dict[str, object], text: str
) -> None:
    organization.identity_verification = section
    organization.save()
    assert text in auditor.get(page_of(ORGANIZATIONS, organization)).content.decode()


def test_stored_sections_are_listed(administrator: Client, organization: Organization) -> None:
    organization.stored_sections = {"programs": [], "coupon_series": []}
    organization.save()
    assert "programs, coupon series" in administrator.get(page_of(ORGANIZATIONS, organization)).content.decode()


def test_an_auditor_reads_the_policies(auditor: Client, organization: Organization) -> None:
    organization.flags = {"CONF_USERS_IS_EMAIL_UNIQUE": 0}
    organization.save()
    page = auditor.get(page_of(ORGANIZATIONS, organization)).content.decode()
    assert "An e-mail belongs to one customer only" in page
    assert 'name="BATCH_LIMIT"' not in page


def test_staff_see_their_own_organization_and_add_none(
    administrator: Client, organization: Organization, stranger: Till
) -> None:
    assert shown(administrator.get(list_of(ORGANIZATIONS))) == [organization]
    assert administrator.get(page_of(ORGANIZATIONS, stranger.organization)).status_code == 302
    assert administrator.get(ADD).status_code == 403


def test_an_operator_adds_an_organization(operator: Client, organization: Organization) -> None:
    form = filled_form(operator, ADD, code="harbour", name="Harbour", timezone="Europe/London", currency="GBP")
    assert operator.post(ADD, form).status_code == 302
    made = Organization.objects.get(code="harbour")
    assert (made.timezone, made.flags) == ("Europe/London", {})
    with unscoped("looking at the other organization"):
        assert AuditEntry.objects.get().organization == made
    form = filled_form(operator, ADD, code="harbour", name="Again")
    assert list(errors_of(operator.post(ADD, form))) == ["code"]


def test_another_time_zone_changes_when_points_expire(administrator: Client, organization: Organization) -> None:
    give_points(PointsAccountFactory(organization=organization), 5, expiry=Expiry(on=date(2026, 10, 24)))
    page = page_of(ORGANIZATIONS, organization)
    assert administrator.post(page, filled_form(administrator, page, timezone="America/New_York")).status_code == 302
    assert PointsAccount.objects.get().due_at == datetime(2026, 10, 25, 4, tzinfo=UTC)
