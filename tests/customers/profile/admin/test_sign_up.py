"""Signing up at the desk: what comes first, all refusals at once, consents, and nothing stored that was refused."""

from django.test import Client

from customers.cards.models import Card
from customers.profile.models import Customer
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from subscriptions.models import Consent, ConsentChange
from tests.back_office import errors_of, log_in, page_of
from tests.customers.profile.admin.forms import ADD, CUSTOMERS, add, messages_to
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.fields import FieldFactory
from tests.factories.locations import StoreFactory
from tests.factories.staff import StaffMemberFactory
from use_cases.sign_up import CONSENTS


def sections(browser: Client) -> dict[str, list[str]]:
    """The names of the fields of the form by section."""
    fieldsets = browser.get(ADD).context["adminform"].fieldsets
    return {
        title: [name for field in options["fields"] for name in ([field] if isinstance(field, str) else field)]
        for title, options in fieldsets
    }


def test_what_is_asked_of_everybody_comes_first(administrator: Client, organization: Organization, store: Store) -> None:
    CardSeriesFactory(organization=organization)
    colour = FieldFactory(organization=organization, name="Colour")
    pet = FieldFactory(organization=organization, name="Pet", is_mandatory=True)
    assert sections(administrator) == {
        "Customer": ["mobile", "firstname", "lastname", "email", f"field_{pet.pk}"],
        "Consent": ["consents"],
        "Card": ["card_number", "series_code"],
        "More": ["external_id", "type", "store", "source", "registered_on", f"field_{colour.pk}"],
    }


def test_a_required_id_is_asked_for_and_a_generated_one_is_not(administrator: Client, organization: Organization) -> None:
    organization.flags = {"CONF_USERS_IS_EXTERNAL_ID_REQUIRED": 1}
    organization.save()
    assert "external_id" in sections(administrator)["Customer"]
    organization.flags = {"CONF_CARD_NUMBER_GENERATION_ENABLED": 1, "CONF_GEN_CARD_NUMBER_AS_EXTERNAL_ID_ENABLED": 1}
    organization.save()
    assert not any("external_id" in fields for fields in sections(administrator).values())


def test_staff_of_several_stores_are_asked_for_the_store(organization: Organization, store: Store) -> None:
    other = StoreFactory(organization=organization)
    manager = log_in(StaffMemberFactory(organization=organization, role="store_manager", stores=[store, other]))
    assert "store" in sections(manager)["Customer"]


def test_signing_up_leads_to_the_new_customer(administrator: Client) -> None:
    answer = add(administrator, mobile="9812300002", firstname="Bela")
    bela = Customer.objects.get()
    assert answer["Location"] == page_of(CUSTOMERS, bela)
    assert "Bela is signed up." in messages_to(administrator)


def test_the_next_customer_gets_an_empty_form(administrator: Client) -> None:
    answer = add(administrator, mobile="9812300002", _addanother="1")
    assert answer["Location"] == ADD


def test_every_refusal_is_shown_at_its_field_at_once(administrator: Client, organization: Organization) -> None:
    children = FieldFactory(organization=organization, name="Children", type="number")
    typed = {
        "mobile": "12",
        "email": "nobody",
        "firstname": "Be*la",
        "lastname": "x" * 101,
        "registered_on": "1980-01-01",
        f"field_{children.pk}": "many",
    }
    assert set(errors_of(add(administrator, **typed))) == set(typed)
    assert not Customer.objects.exists()


def test_a_refused_card_is_shown_beside_other_refusals(administrator: Client, anna: Customer) -> None:
    CardFactory(series=CardSeriesFactory(organization=anna.organization), number="GOLD1", customer=anna)
    errors = errors_of(add(administrator, mobile="9812300002", firstname="Be*la", email="nobody", card_number="GOLD1"))
    assert set(errors) == {"firstname", "email", "card_number"}
    assert Customer.objects.count() == 1
    assert not AuditEntry.objects.exclude(object_id=anna.pk).filter(object_type="customer").exists()


def test_a_known_customer_is_named_beside_other_refusals(administrator: Client, anna: Customer) -> None:
    errors = errors_of(add(administrator, mobile="9812300001", firstname="Be*la"))
    assert set(errors) == {"firstname", "__all__"}
    assert page_of(CUSTOMERS, anna) in errors["__all__"][0]


def test_a_corrected_form_signs_the_customer_up(administrator: Client) -> None:
    assert set(errors_of(add(administrator, mobile="9812300002", firstname="Be*la"))) == {"firstname"}
    assert add(administrator, mobile="9812300002", firstname="Bela").status_code == 302
    assert Customer.objects.get().firstname == "Bela"


def test_a_refused_name_says_what_a_name_has(administrator: Client) -> None:
    errors = errors_of(add(administrator, mobile="9812300002", firstname="Be*la", lastname="Sen"))
    assert errors == {"firstname": ["A name has letters, spaces, hyphens, apostrophes and dots."]}


# --- consents


def test_consents_are_recorded_with_the_customer(seller: Client, store: Store) -> None:
    assert add(seller, mobile="9812300002", consents=["SMS BULK", "SMS TRANS"]).status_code == 302
    bela = Customer.objects.get()
    answers = Consent.objects.filter(customer=bela).values_list("channel", "priority", "is_subscribed")
    assert sorted(answers) == [("SMS", "BULK", True), ("SMS", "TRANS", True)]
    log = ConsentChange.objects.filter(customer=bela)
    assert {(entry.source, entry.actor, entry.old, entry.new) for entry in log} == {("BACK_OFFICE", "staff:robin", None, True)}


def test_without_a_tick_no_answer_is_recorded(administrator: Client, till: Till) -> None:
    add(administrator, mobile="9812300002")
    assert Customer.objects.exists()
    assert not Consent.objects.exists()


def test_consent_to_e_mail_needs_an_address(administrator: Client) -> None:
    errors = errors_of(add(administrator, mobile="9812300002", consents=["EMAIL BULK"]))
    assert list(errors) == ["consents"]
    assert "need an e-mail address" in errors["consents"][0]
    assert not Customer.objects.exists()
    assert not Consent.objects.exists()


def test_a_refused_sign_up_records_no_consent(administrator: Client) -> None:
    assert errors_of(add(administrator, mobile="9812300002", firstname="Be*la", consents=["SMS BULK"]))
    assert not Consent.objects.exists()
    assert not ConsentChange.objects.exists()


def test_an_unknown_consent_is_refused(administrator: Client) -> None:
    assert list(errors_of(add(administrator, mobile="9812300002", consents=["FAX BULK"]))) == ["consents"]


def test_every_pair_of_channel_and_kind_may_be_agreed_to(administrator: Client) -> None:
    assert add(administrator, mobile="9812300002", email="b@example.com", consents=list(CONSENTS)).status_code == 302
    assert Consent.objects.count() == 4
    assert not Card.objects.exists()
