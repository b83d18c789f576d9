"""Adding customers in the back office."""

import pytest
from django.test import Client

from customers.cards.models import Card
from customers.profile.models import Customer
from engagement.programs.models import Program
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import errors_of, log_in, page_of, register
from tests.customers.profile.admin.forms import ADD, CUSTOMERS, add, messages_to
from tests.factories.cards import CardSeriesFactory
from tests.factories.fields import FieldFactory
from tests.factories.staff import StaffMemberFactory

# --- adding


def test_a_customer_is_added_as_a_till_would_add_them(administrator: Client, organization: Organization, store: Store) -> None:
    hobbies = FieldFactory(organization=organization, name="Hobbies", type="multi", options=["Playing", "Singing"])
    born = FieldFactory(organization=organization, name="Born", type="date", category="extended")
    colour = FieldFactory(organization=organization, name="Colour", type="enum", options=["Red", "Blue"], category="preference")
    sms = FieldFactory(organization=organization, name="SMS", type="boolean")
    CardSeriesFactory(organization=organization)
    answer = add(
        administrator,
        firstname="Bela",
        lastname="Sen",
        mobile="98123 00002",
        email="Bela@Example.com",
        store=store.code,
        registered_on="2026-01-02",
        series_code="GOLD",
        **{
            f"field_{hobbies.pk}": ["Singing", "Playing"],
            f"field_{born.pk}": "1990-05-06",
            f"field_{colour.pk}": "Red",
            f"field_{sms.pk}": "true",
        },
    )
    assert answer.status_code == 302
    bela = Customer.objects.get()
    assert (bela.firstname, bela.lastname_folded, bela.type, bela.source) == ("Bela", "sen", "LOYALTY", "INSTORE")
    assert (bela.registered_store, bela.registered_till) == (store, None)
    assert bela.registered_on.isoformat() == "2026-01-01T18:30:00+00:00"
    assert dict(bela.identifiers.values_list("kind", "value")) == {"mobile": "919812300002", "email": "bela@example.com"}
    assert bela.field_values == {
        str(hobbies.pk): ["Playing", "Singing"],
        str(born.pk): "1990-05-06",
        str(colour.pk): "Red",
        str(sms.pk): "true",
    }
    assert Card.objects.get().customer == bela
    entry = AuditEntry.objects.get(object_type="customer")
    assert (entry.action, entry.source, entry.actor) == ("registered", "BACK_OFFICE", "staff:asha")
    assert len(entry.request_id) == 36


@pytest.mark.parametrize(
    ("typed", "field", "code"),
    [
        ({}, "mobile", 1007),
        ({"firstname": "Bela"}, "mobile", 1007),
        ({"mobile": "12"}, "mobile", 1001),
        ({"email": "nobody"}, "email", 1002),
        ({"mobile": "9812300002", "registered_on": "1980-01-01"}, "registered_on", 1034),
        ({"mobile": "9812300002", "firstname": "Be\x00la"}, "firstname", None),
        ({"external_id": "X1", "type": "NON_LOYALTY"}, "__all__", 1045),
    ],
)
def test_a_refusal_is_shown_at_its_field_with_its_code(
    administrator: Client, store: Store, typed: dict[str, str], field: str, code: int | None
) -> None:
    errors = errors_of(add(administrator, **typed))
    assert list(errors) == [field]
    assert code is None or errors[field][0].endswith(f"({code})")
    assert not Customer.objects.exists()
    assert not AuditEntry.objects.exists()


def test_policies_are_shown_at_their_fields(administrator: Client, organization: Organization) -> None:
    organization.flags = {"CONF_USERS_IS_EMAIL_REQUIRED": 1}
    organization.save()
    assert errors_of(add(administrator, mobile="9812300002")) == {"email": ["An e-mail address is required. (1039)"]}
    organization.base_country, organization.countries = "", []
    organization.save()
    assert list(errors_of(add(administrator, mobile="9812300002", email="b@example.com"))) == ["mobile"]


def test_field_values_are_checked_in_the_back_office(administrator: Client, organization: Organization) -> None:
    number = FieldFactory(organization=organization, name="Children", type="number")
    errors = errors_of(add(administrator, mobile="9812300002", **{f"field_{number.pk}": "many"}))
    assert errors == {f"field_{number.pk}": ["This value does not fit the type of the field. (1018)"]}
    colour = FieldFactory(organization=organization, name="Colour", type="enum", options=["Red"])
    assert list(errors_of(add(administrator, mobile="9812300002", **{f"field_{colour.pk}": "Green"}))) == [f"field_{colour.pk}"]


def test_a_mandatory_field_is_asked_for(administrator: Client, organization: Organization) -> None:
    consent = FieldFactory(organization=organization, name="Consent", is_mandatory=True)
    errors = errors_of(add(administrator, mobile="9812300002"))
    assert errors == {f"field_{consent.pk}": ["This field is mandatory."]}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"firstname": "Be*la"}, "firstname"),
        ({"lastname": "x" * 101}, "lastname"),
        ({"firstname": "x" * 5000}, "firstname"),
        ({"source": "WEBSITE"}, "source"),
        ({"source": "WECHAT"}, "source"),
        ({"card_number": "NO-SUCH-CARD"}, "card_number"),
    ],
)
def test_what_a_till_is_warned_of_is_an_error_at_its_field(
    administrator: Client, organization: Organization, typed: dict[str, str], field: str
) -> None:
    if typed.get("source") == "WECHAT":
        organization.flags = {"CONF_CLIENT_V2_API_ENABLED": 1}
        organization.save()
    assert list(errors_of(add(administrator, mobile="9812300002", **typed))) == [field]
    assert not Customer.objects.exists()
    assert not AuditEntry.objects.exists()


def test_all_lost_values_are_shown_at_once(administrator: Client) -> None:
    errors = errors_of(add(administrator, mobile="9812300002", source="WEBSITE", firstname="Be*la"))
    assert set(errors) == {"firstname", "source"}


def test_a_series_without_numbers_left_is_refused(administrator: Client, organization: Organization) -> None:
    CardSeriesFactory(organization=organization, code="FULL", length=4)
    errors = errors_of(add(administrator, mobile="9812300002", series_code="FULL"))
    assert list(errors) == ["series_code"]
    assert not Customer.objects.exists()


def test_a_paused_program_does_not_stop_staff_from_adding(administrator: Client) -> None:
    Program.objects.update(is_paused=True)
    assert add(administrator, mobile="9812300002").status_code == 302
    assert any("(1098)" in message for message in messages_to(administrator))


def test_invisible_characters_are_removed(administrator: Client) -> None:
    assert add(administrator, mobile="9812300002", firstname="Be\u202ela\u200b").status_code == 302
    assert Customer.objects.get().firstname == "Bela"


def test_a_known_customer_is_opened_not_changed(administrator: Client, anna: Customer) -> None:
    errors = errors_of(add(administrator, mobile="9812300001", firstname="Other"))
    assert "(1014)" in errors["__all__"][0]
    assert page_of(CUSTOMERS, anna) in errors["__all__"][0]
    anna.refresh_from_db()
    assert anna.firstname == "Anna"


def test_a_customer_of_another_store_is_linked_as_a_reduced_card(
    seller: Client, organization: Organization, anna: Customer, indiranagar: Till
) -> None:
    other = register(indiranagar, firstname="Bela", mobile="9812300002")
    (error,) = errors_of(add(seller, mobile="9812300002"))["__all__"]
    assert "(1014)" in error
    assert page_of(CUSTOMERS, other) not in error
    address = error.partition('href="')[2].partition('"')[0]
    assert "Bela" in seller.get(address).content.decode()
    organization.flags = {"CUSTOMERS_OF_OTHER_STORES": "NOTHING"}
    organization.save()
    (error,) = errors_of(add(seller, mobile="9812300002"))["__all__"]
    assert "(1014)" in error
    assert "href" not in error


def test_staff_of_a_store_add_customers_of_that_store(seller: Client, store: Store, indiranagar: Till) -> None:
    form = seller.get(ADD).context["adminform"].form
    assert [code for code, _ in form.fields["store"].choices] == [store.code]
    assert add(seller, mobile="9812300002").status_code == 302
    assert Customer.objects.get().registered_store == store
    assert list(errors_of(add(seller, mobile="9812300003", store="blr.indira"))) == ["store"]


def test_staff_of_several_stores_choose_one(organization: Organization, store: Store, indiranagar: Till) -> None:
    manager = log_in(StaffMemberFactory(organization=organization, role="store_manager", stores=[store, indiranagar.store]))
    assert errors_of(add(manager, mobile="9812300002")) == {"store": ["This field is required."]}
    assert add(manager, mobile="9812300002", store="blr.indira").status_code == 302
    assert Customer.objects.get().registered_store == indiranagar.store


def test_without_permission_no_customer_is_added(organization: Organization) -> None:
    agent = log_in(StaffMemberFactory(organization=organization, role="care_agent"))
    assert agent.get(ADD).status_code == 403
    assert agent.post(ADD, {"mobile": "9812300002"}).status_code == 403


def test_an_operator_adds_for_the_chosen_organization(operator: Client, stranger: Till) -> None:
    assert "For which organization?" in operator.get(ADD).content.decode()
    assert add(operator, f"{ADD}?organization=bazaar", mobile="9812300002", store="bazaar.main").status_code == 302
    with unscoped("looking at the other organization"):
        customer = Customer.objects.get()
    assert customer.organization == stranger.organization
    assert customer.registered_store == stranger.store
