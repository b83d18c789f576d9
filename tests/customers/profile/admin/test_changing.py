"""Changing customers in the back office."""

from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from psycopg.errors import LockNotAvailable

from customers.identifiers.models import Identifier
from customers.identity_requests.models import IdentityRequest
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from loyalty_project.phone_numbers import format_mobile
from organizations.audit.models import AuditEntry
from organizations.locations.models import Till
from organizations.tenancy.models import Organization
from organizations.tenancy.rows import lock_rows
from tests.back_office import errors_of, filled_form, log_in, page_of, register
from tests.customers.profile.admin.forms import CUSTOMERS, add, change, messages_to
from tests.factories.cards import CardSeriesFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import till_actor
from tests.factories.staff import StaffMemberFactory
from use_cases.registration import update_customer


def policies(customer: Customer, **flags: int) -> None:
    customer.organization.flags = flags
    customer.organization.save()


# --- changing


def test_a_change_goes_through_the_journey(administrator: Client, anna: Customer, indiranagar: Till) -> None:
    city = FieldFactory(organization=anna.organization, name="city", category="extended")
    answer = change(
        administrator,
        anna,
        lastname="Iyer",
        preferred_store="blr.indira",
        associated_with="indira.till1",
        registered_on="2025-05-05 12:00:00",
        ndnc_status="DND",
        test_control_status="CONTROL",
        fraud_status="MARKED",
        fraud_reason="many returns",
        **{f"field_{city.pk}": "Mysuru"},
    )
    assert answer.status_code == 302
    anna.refresh_from_db()
    assert (anna.lastname, anna.lastname_folded) == ("Iyer", "iyer")
    assert anna.preferred_store == indiranagar.store
    assert anna.associated_till == indiranagar
    assert anna.registered_on.isoformat() == "2025-05-05T06:30:00+00:00"
    assert (anna.ndnc_status, anna.test_control_status) == ("DND", "CONTROL")
    assert (anna.fraud_status, anna.fraud_reason, anna.fraud_marked_by) == ("MARKED", "many returns", "staff:asha")
    assert anna.field_values == {str(city.pk): "Mysuru"}
    entry = AuditEntry.objects.latest("pk")
    assert (entry.action, entry.actor, entry.old["lastname"], entry.new["lastname"]) == ("updated", "staff:asha", "Rao", "Iyer")


def test_saving_without_a_change_touches_nothing(administrator: Client, anna: Customer) -> None:
    Customer.objects.update(comm_channels=[], field_values={"0": "x"})
    anna.refresh_from_db()
    assert change(administrator, anna).status_code == 302
    before = anna.updated_on
    anna.refresh_from_db()
    assert anna.updated_on == before
    assert AuditEntry.objects.count() == 1


def test_only_what_was_typed_is_sent(administrator: Client, anna: Customer) -> None:
    """The form shows columns that a till does not send: they are no changes."""
    assert change(administrator, anna, lastname="Iyer").status_code == 302
    entry = AuditEntry.objects.latest("pk")
    assert (entry.old, entry.new) == ({"lastname": "Rao"}, {"lastname": "Iyer"})


def test_of_two_who_edit_at_once_the_second_is_refused_and_nothing_is_lost(
    administrator: Client, organization: Organization, anna: Customer
) -> None:
    page = page_of(CUSTOMERS, anna)
    boss = log_in(StaffMemberFactory(organization=organization, role="org_admin", username="maya"))
    hers, his = filled_form(boss, page, lastname="Iyer"), filled_form(administrator, page, firstname="Ann")
    assert boss.post(page, hers).status_code == 302
    answer = administrator.post(page, his)
    (message,) = errors_of(answer)["__all__"]
    assert message.startswith(
        "The customer was not changed. (1024) A colleague or a till changed the customer after you opened"
    )
    assert page in message
    anna.refresh_from_db()
    assert (anna.firstname, anna.lastname) == ("Anna", "Iyer")
    # What he typed still stands in the form, and what she did in the history below.
    assert answer.context["adminform"].form["firstname"].value() == "Ann"  # type: ignore[attr-defined]
    assert "maya" in answer.content.decode()
    assert change(administrator, anna, firstname="Ann").status_code == 302
    anna.refresh_from_db()
    assert (anna.firstname, anna.lastname) == ("Ann", "Iyer")


def test_what_a_till_changes_while_the_page_is_open_is_not_written_over(
    administrator: Client, anna: Customer, till: Till
) -> None:
    page = page_of(CUSTOMERS, anna)
    form = filled_form(administrator, page, lastname="Iyer")
    with transaction.atomic():
        context = load_input_context([], by=till_actor(till))
        draft = read_customer_input({"mobile": "9812300001", "ndnc_status": "DND"}, context, action="update")
        update_customer(draft, context=context, by=till_actor(till))
    assert "(1024)" in errors_of(administrator.post(page, form))["__all__"][0]
    anna.refresh_from_db()
    assert (anna.lastname, anna.ndnc_status) == ("Rao", "DND")


def test_a_change_that_comes_between_looking_and_locking_is_seen(
    administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version is looked at once more under the customer's lock."""

    def a_moment_later(*asked: Any) -> Any:
        Customer.objects.update(version=F("version") + 1)
        return lock_rows(*asked)

    page = page_of(CUSTOMERS, anna)
    form = filled_form(administrator, page, lastname="Iyer")
    monkeypatch.setattr("customers.profile.locks.lock_rows", a_moment_later)
    assert "A colleague or a till changed" in errors_of(administrator.post(page, form))["__all__"][0]


def test_a_form_without_its_shown_values_is_refused(administrator: Client, anna: Customer) -> None:
    assert "(1024)" in errors_of(change(administrator, anna, version=None, lastname="Iyer"))["__all__"][0]


def test_a_picture_is_an_address(administrator: Client, anna: Customer) -> None:
    assert "Enter a valid URL." in errors_of(change(administrator, anna, image_url="javascript:alert(1)"))["image_url"]
    assert change(administrator, anna, image_url="https://example.com/anna.jpg").status_code == 302
    anna.refresh_from_db()
    assert anna.image_url == "https://example.com/anna.jpg"
    assert AuditEntry.objects.latest("pk").new == {"image_url": "https://example.com/anna.jpg"}
    assert 'href="https://example.com/anna.jpg"' in administrator.get(page_of(CUSTOMERS, anna)).content.decode()


def test_another_reason_for_the_same_fraud_status_is_kept(administrator: Client, anna: Customer) -> None:
    change(administrator, anna, fraud_status="MARKED", fraud_reason="many returns")
    change(administrator, anna, fraud_reason="and odd bills")
    anna.refresh_from_db()
    assert (anna.fraud_status, anna.fraud_reason) == ("MARKED", "and odd bills")


def test_a_replaced_identifier_is_sent_for_approval(administrator: Client, anna: Customer) -> None:
    policies(anna, CONF_ALLOW_EMAIL_UPDATE=1)
    page = administrator.get(page_of(CUSTOMERS, anna)).content.decode()
    assert "sent to a colleague for approval" in page
    assert change(administrator, anna, mobile="9812300077", email="new@example.com", lastname="Iyer").status_code == 302
    assert set(Identifier.objects.values_list("value", flat=True)) == {"919812300001", "anna.rao@example.com", "NW-0001"}
    requests = IdentityRequest.objects.values_list("kind", "new_value", "status", "requested_by")
    assert sorted(requests) == [
        ("email", "new@example.com", "PENDING", "staff:asha"),
        ("mobile", "919812300077", "PENDING", "staff:asha"),
    ]
    anna.refresh_from_db()
    assert anna.lastname == "Iyer"
    messages = messages_to(administrator)
    assert sum(message.startswith("Sent for approval: ") for message in messages) == 2
    assert any("was changed successfully" in message for message in messages)


def test_a_form_that_only_requests_does_not_say_that_it_changed(administrator: Client, anna: Customer) -> None:
    before = anna.updated_on
    assert change(administrator, anna, email="new@example.com").status_code == 302
    assert messages_to(administrator) == ["Sent for approval: email new@example.com. A colleague has to approve it."]
    anna.refresh_from_db()
    assert anna.updated_on == before


def test_an_identifier_that_a_policy_approves_changes_at_once(administrator: Client, anna: Customer) -> None:
    policies(anna, CI_EMAIL_AUTO_APPROVE=1)
    assert change(administrator, anna, email="new@example.com").status_code == 302
    assert Identifier.objects.get(kind="email", state="CURRENT").value == "new@example.com"
    assert IdentityRequest.objects.get().decided_by == "policy:CI_EMAIL_AUTO_APPROVE"


def test_a_missing_identifier_is_filled_at_once(administrator: Client, anna: Customer) -> None:
    Identifier.objects.filter(kind="email").delete()
    assert change(administrator, anna, email="new@example.com").status_code == 302
    assert Identifier.objects.get(kind="email").value == "new@example.com"
    assert not IdentityRequest.objects.exists()


def test_a_refused_request_saves_nothing(administrator: Client, anna: Customer, till: Till) -> None:
    assert change(administrator, anna, email="new@example.com").status_code == 302
    errors = errors_of(change(administrator, anna, email="new@example.com", lastname="Iyer"))
    assert list(errors) == ["email"]
    assert errors["email"][0].endswith("(9028)")
    errors = errors_of(change(administrator, anna, external_id="NW-0002", lastname="Iyer"))
    assert list(errors) == ["external_id"]
    anna.refresh_from_db()
    assert anna.lastname == "Rao"
    assert IdentityRequest.objects.count() == 1


def test_identifiers_outside_loyalty_follow_the_policies(administrator: Client, till: Till) -> None:
    """Only loyalty members have requests."""
    bela = register(till, mobile="9812300002", email="bela@example.com", type="NON_LOYALTY")
    errors = errors_of(change(administrator, bela, email="new@example.com"))
    assert errors == {"email": ["The organization does not allow to change Email here. (91006)"]}
    policies(bela, CONF_ALLOW_EMAIL_UPDATE=1)
    assert change(administrator, bela, email="new@example.com").status_code == 302
    assert Identifier.objects.get(kind="email", state="CURRENT").value == "new@example.com"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"firstname": "x" * 5000}, "firstname"),
        ({"firstname": "An*na"}, "firstname"),
        ({"card_number": "NO-SUCH-CARD"}, "card_number"),
    ],
)
def test_a_value_that_a_till_would_lose_is_refused_and_nothing_saved(
    administrator: Client, anna: Customer, typed: dict[str, str], field: str
) -> None:
    assert list(errors_of(change(administrator, anna, lastname="Iyer", **typed))) == [field]
    anna.refresh_from_db()
    assert (anna.firstname, anna.lastname) == ("Anna", "Rao")
    assert AuditEntry.objects.count() == 1


def test_a_card_that_the_customer_has_is_refused(administrator: Client, anna: Customer) -> None:
    series = CardSeriesFactory(organization=anna.organization)
    assert change(administrator, anna, series_code=series.code).status_code == 302
    assert list(errors_of(change(administrator, anna, series_code=series.code))) == ["series_code"]
    assert list(errors_of(change(administrator, anna, card_number=anna.cards.get().number))) == ["card_number"]


def test_a_mobile_is_read_in_the_chosen_country(administrator: Client, organization: Organization) -> None:
    organization.countries = ["SG"]
    organization.save()
    assert list(errors_of(add(administrator, mobile="9123 4567", mobile_country="IN"))) == ["mobile"]
    assert add(administrator, mobile="9123 4567", mobile_country="SG").status_code == 302
    assert Identifier.objects.get().value == "6591234567"


@pytest.mark.parametrize("stored", ["16502530000", "911234"])
def test_a_mobile_of_no_configured_country_is_kept(administrator: Client, anna: Customer, stored: str) -> None:
    """Number of another country, and number that is not valid any more."""
    Identifier.objects.filter(kind="mobile").update(value=stored)
    assert format_mobile(stored) in administrator.get(page_of(CUSTOMERS, anna)).content.decode()
    assert change(administrator, anna, mobile=format_mobile(stored), mobile_country="", lastname="Iyer").status_code == 302
    assert Identifier.objects.get(kind="mobile").value == stored
    anna.refresh_from_db()
    assert anna.lastname == "Iyer"


def test_a_mobile_is_kept_without_phone_countries(administrator: Client, organization: Organization, anna: Customer) -> None:
    organization.base_country, organization.countries = "", []
    organization.save()
    assert change(administrator, anna, mobile="+91 98123 00001", lastname="Iyer").status_code == 302
    assert Identifier.objects.get(kind="mobile").value == "919812300001"


def test_another_customers_identifier_is_refused_at_its_field(administrator: Client, anna: Customer, till: Till) -> None:
    register(till, mobile="9812300002", email="bela@example.com")
    errors = errors_of(change(administrator, anna, email="bela@example.com"))
    assert "(1016)" in errors["email"][0]


def test_stored_values_are_not_emptied(administrator: Client, anna: Customer) -> None:
    errors = errors_of(change(administrator, anna, lastname="", email=""))
    assert errors == {name: ["A stored value can be replaced, but not removed."] for name in ("lastname", "email")}


def test_loyalty_is_not_left(administrator: Client, anna: Customer) -> None:
    errors = errors_of(change(administrator, anna, type="NON_LOYALTY"))
    assert errors["type"][0].endswith("(1046)")


def test_store_staff_do_not_set_the_fraud_status(seller: Client, anna: Customer) -> None:
    assert "fraud_status" not in filled_form(seller, page_of(CUSTOMERS, anna))
    change(seller, anna, lastname="Iyer", fraud_status="CONFIRMED")
    anna.refresh_from_db()
    assert (anna.lastname, anna.fraud_status) == ("Iyer", "NONE")


def test_customers_are_not_deleted(administrator: Client, operator: Client, anna: Customer) -> None:
    for browser in (administrator, operator):
        answer = browser.post(reverse("admin:customers_customer_delete", args=[anna.pk]), {"post": "yes"})
        assert answer.status_code == 403


def test_a_locked_customer_is_reported(administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    def never_free(*_asked: Any) -> Any:
        error = OperationalError("lock not available")
        error.__cause__ = LockNotAvailable()
        raise error

    monkeypatch.setattr("customers.profile.locks.lock_rows", never_free)
    errors = errors_of(change(administrator, anna, lastname="Iyer"))
    assert errors == {"__all__": ["Another action is running for this customer. Try again in a moment. (521)"]}


def test_a_lost_connection_is_no_refusal(administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_asked: Any) -> Any:
        raise OperationalError("connection lost")

    monkeypatch.setattr("customers.profile.locks.lock_rows", lost)
    with pytest.raises(OperationalError):
        change(administrator, anna, lastname="Iyer")


def test_a_broken_constraint_has_a_code(administrator: Client, anna: Customer) -> None:
    """A value that is nobody's any more and, against all rules, still taken."""
    Identifier.objects.filter(kind="mobile").update(state="FORMER")
    errors = errors_of(add(administrator, mobile="9812300001"))
    assert errors == {"__all__": ["Unable to register with external ID. (1038)"]}
    assert Customer.objects.get() == anna


def test_a_value_of_another_customer_is_refused_with_a_link(
    administrator: Client, seller: Client, till: Till, indiranagar: Till
) -> None:
    bela = register(till, firstname="Bela", mobile="9812300002")
    other = register(indiranagar, firstname="Chitra", mobile="9812300003", external_id="NW-9")
    (error,) = errors_of(change(administrator, bela, external_id="NW-9"))["external_id"]
    assert "Another customer has this external id. (1033)" in error
    assert page_of(CUSTOMERS, other) in error
    (error,) = errors_of(change(seller, bela, external_id="NW-9"))["external_id"]
    assert page_of(CUSTOMERS, other) not in error
    assert "Open the reduced card" in error
