"""Customers in the back office: the list, the page of one, and adding and changing through the journeys."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, transaction
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from psycopg.errors import LockNotAvailable
from pytest_django import DjangoAssertNumQueries

from customers.cards.models import Card
from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from loyalty_project.db.locks import lock
from loyalty_project.phone_numbers import format_mobile
from organizations.audit.models import AuditEntry
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import unscoped
from tests.back_office import errors_of, filled_form, list_of, log_in, page_of, register, shown, table_texts
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.fields import FieldFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.identity_requests import ask
from tests.factories.locations import till_actor
from tests.factories.segments import SegmentFactory, SegmentPartitionFactory, put_into
from tests.factories.sources import SourceProfileFactory
from tests.factories.staff import StaffMemberFactory
from use_cases.registration import update_customer

CUSTOMERS = "customers_customer"
ADD = "/admin/customers/customer/add/"


def add(browser: Client, address: str = ADD, **typed: Any) -> HttpResponse:
    return browser.post(address, filled_form(browser, address, **typed))


def change(browser: Client, customer: Customer, **typed: Any) -> HttpResponse:
    page = page_of(CUSTOMERS, customer)
    return browser.post(page, filled_form(browser, page, **typed))


def messages_to(browser: Client) -> list[str]:
    """The messages on the next page."""
    return [str(message) for message in browser.get("/admin/").context["messages"]]


# --- the list


def test_the_list_shows_identifiers_type_and_store(administrator: Client, anna: Customer) -> None:
    page = administrator.get(list_of(CUSTOMERS)).content.decode()
    for text in ("Anna Rao", "+91 98123 00001", "anna.rao@example.com", "NW-0001", "MG Road", "loyalty"):
        assert text in page


def test_a_customer_without_name_is_shown_by_id(administrator: Client, till: Till) -> None:
    customer = register(till, mobile="9812300001")
    assert f"Customer {customer.pk}" in administrator.get(list_of(CUSTOMERS)).content.decode()


@pytest.mark.parametrize("customers", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, till: Till, customers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    CustomerFactory.create_batch(customers, organization=till.organization, with_identifiers=True)
    # Session, member of staff, the limit to stores, stores, labels and partitions of the filters, customers, identifiers.
    with django_assert_num_queries(8):
        administrator.get(list_of(CUSTOMERS))


@pytest.mark.parametrize("customers", [1, 3])
def test_a_search_costs_the_same_for_any_number(
    administrator: Client, till: Till, customers: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    IdentifierFactory.create_batch(customers, customer__organization=till.organization)
    # As the list, and three to search.
    with django_assert_num_queries(11):
        answer = administrator.get(list_of(CUSTOMERS), {"q": "98000"})
    assert len(shown(answer)) == customers


def test_the_list_is_narrowed(administrator: Client, anna: Customer, indiranagar: Till) -> None:
    other = register(
        indiranagar, mobile="9812300002", type="NON_LOYALTY", registered_on="2024-02-29 23:59:59", fraud_status="MARKED"
    )
    for query in (
        {"type__exact": "NON_LOYALTY"},
        {"registered_store": str(indiranagar.store_id)},
        {"registered_on_from": "2024-02-29", "registered_on_to": "2024-02-29"},
        {"fraud_status__exact": "MARKED"},
        {"q": "9812300002"},
    ):
        assert shown(administrator.get(list_of(CUSTOMERS), query)) == [other]
    assert shown(administrator.get(list_of(CUSTOMERS), {"source": "WEBSITE"})) == []
    assert shown(administrator.get(list_of(CUSTOMERS), {"q": " "})) == [other, anna]


def test_many_hits_ask_for_more(administrator: Client, till: Till) -> None:
    Customer.objects.bulk_create(
        Customer(
            organization=till.organization,
            firstname_folded="anna",
            registered_on="2026-01-01T00:00:00Z",
            updated_on="2026-01-01T00:00:00Z",
        )
        for _ in range(205)
    )
    answer = administrator.get(list_of(CUSTOMERS), {"q": "anna"})
    assert "Type more to narrow the search" in answer.content.decode()


def test_staff_of_a_store_see_its_customers_alone(seller: Client, anna: Customer, indiranagar: Till) -> None:
    other = register(indiranagar, firstname="Anna", mobile="9812300002")
    assert shown(seller.get(list_of(CUSTOMERS))) == [anna]
    assert shown(seller.get(list_of(CUSTOMERS), {"q": "anna"})) == [anna]
    assert shown(seller.get(list_of(CUSTOMERS), {"q": "9812300002"})) == []
    assert shown(seller.get(list_of(CUSTOMERS), {"registered_store": str(indiranagar.store_id)})) == []
    history = reverse("admin:customers_customer_history", args=[other.pk])
    for address in (page_of(CUSTOMERS, other), history):
        assert seller.get(address)["Location"] == "/admin/"
    assert seller.post(page_of(CUSTOMERS, other), {"firstname": "Mine"}).status_code == 302
    other.refresh_from_db()
    assert other.firstname == "Anna"


def test_customers_of_others_are_out_of_sight(administrator: Client, anna: Customer, stranger: Till) -> None:
    away = register(stranger, firstname="Anna", mobile="9812300001")
    assert shown(administrator.get(list_of(CUSTOMERS), {"q": "9812300001"})) == [anna]
    assert administrator.get(page_of(CUSTOMERS, away)).status_code == 302


def test_an_operator_sees_all_with_their_organizations(operator: Client, anna: Customer, stranger: Till) -> None:
    away = register(stranger, firstname="Anna", mobile="9812300001")
    answer = operator.get(list_of(CUSTOMERS), {"q": "9812300001"})
    assert shown(answer) == [away, anna]
    assert "Bazaar" in answer.content.decode()
    assert shown(operator.get(list_of(CUSTOMERS), {"organization": str(away.organization_id)})) == [away]
    assert operator.get(page_of(CUSTOMERS, away)).status_code == 200


# --- the page of one


def test_the_page_shows_fields_cards_sources_and_history(administrator: Client, anna: Customer) -> None:
    organization = anna.organization
    hobbies = FieldFactory(organization=organization, name="Hobbies", type="multi", options=["Playing", "Singing"])
    old = FieldFactory(organization=organization, name="Old question", is_active=False)
    Customer.objects.update(
        field_values={str(hobbies.pk): ["Playing", "Singing"], str(old.pk): "old answer"},
        comm_channels=[{"type": "WHATSAPP", "value": "9812300001", "primary": True, "verified": False}],
    )
    series = CardSeriesFactory(organization=organization)
    CardFactory(series=series, number="GOLD1", customer=anna)
    SourceProfileFactory(customer=anna, account="wx-main")
    change(administrator, anna, lastname="Iyer", series_code="GOLD")
    answer = administrator.get(page_of(CUSTOMERS, anna))
    page = answer.content.decode()
    for text in ("Playing, Singing", "old answer", "GOLD1", "wx-main", "WHATSAPP", "<del>Rao</del>", "<ins>Iyer</ins>"):
        assert text in page
    assert [change.who for change in answer.context["history"]] == ["asha (staff)", "mgroad.till1 (till)"]
    assert "MG Road" in page
    history = administrator.get(reverse("admin:customers_customer_history", args=[anna.pk])).content.decode()
    assert "<del>Rao</del>" in history


def test_the_history_holds_what_happened_to_the_cards(administrator: Client, anna: Customer) -> None:
    CardSeriesFactory(organization=anna.organization)
    change(administrator, anna, series_code="GOLD")
    assert Card.objects.get().customer == anna
    answer = administrator.get(page_of(CUSTOMERS, anna))
    assert [(change.entry.object_type, change.entry.action) for change in answer.context["history"]] == [
        ("card", "issued"),
        ("customer", "registered"),
    ]
    history = administrator.get(reverse("admin:customers_customer_history", args=[anna.pk])).content.decode()
    assert "Issued" in history


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_for_any_number_of_rows(
    administrator: Client, anna: Customer, till: Till, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    series = CardSeriesFactory(organization=anna.organization)
    FieldFactory.create_batch(rows, organization=anna.organization)
    CardFactory.create_batch(rows, series=series, customer=anna)
    SourceProfileFactory.create_batch(rows, customer=anna)
    for partition in SegmentPartitionFactory.create_batch(rows, segment__organization=anna.organization):
        put_into(partition, anna.pk)
    for group in UserGroupFactory.create_batch(rows, organization=anna.organization):
        join_group(group, anna.pk)
    for number in range(rows):
        ask(till, "mobile", "919812300001", f"91981230001{number}")
    ContentType.objects.get_for_model(Customer)  # remembered by the process
    # Session, member of staff, the limit to stores, customer, identifiers, fields, stores, tills, series, cards, sources,
    # segments, groups, merges, inherited identifiers, identity requests, consents, history, registering till; memberships,
    # accounts, lots, purchases, bills, entries.
    with django_assert_num_queries(25):
        administrator.get(page_of(CUSTOMERS, anna))


def test_the_page_links_segments_and_groups_by_permission(administrator: Client, seller: Client, anna: Customer) -> None:
    low, _high = SegmentFactory(organization=anna.organization, name="spend-band", partitions=["low", "high"]).partitions.all()
    (gone,) = SegmentFactory(organization=anna.organization, name="gone", partitions=["x"], is_active=False).partitions.all()
    family = UserGroupFactory(organization=anna.organization, external_id="G1", name="Family")
    put_into(low, anna.pk)
    put_into(gone, anna.pk)
    join_group(family, anna.pk, role="PRIMARY")
    for browser, may_see in ((administrator, True), (seller, False)):
        answer = browser.get(page_of(CUSTOMERS, anna))
        page = answer.content.decode()
        tables = {table.title: table_texts(table) for table in answer.context["tables"]}
        assert tables["Segments"] == [["spend-band", "low"]]
        assert tables["User groups"] == [["Family", "G1", "primary"]]
        assert (page_of("customers_segment", low.segment) in page) is may_see
        assert (page_of("customers_usergroup", family) in page) is may_see


def test_customers_are_narrowed_by_partition(administrator: Client, anna: Customer, till: Till) -> None:
    register(till, mobile="9812300002")
    (low,) = SegmentFactory(organization=anna.organization, name="spend-band", partitions=["low"]).partitions.all()
    put_into(low, anna.pk)
    answer = administrator.get(list_of(CUSTOMERS), {"partition": low.pk})
    assert shown(answer) == [anna]
    assert "spend-band: low" in answer.content.decode()
    assert len(shown(administrator.get(list_of(CUSTOMERS), {"partition": "x"}))) == 2


def test_an_auditor_reads_the_page_and_has_no_form(auditor: Client, anna: Customer) -> None:
    page = auditor.get(page_of(CUSTOMERS, anna)).content.decode()
    assert "anna.rao@example.com" in page
    assert 'name="firstname"' not in page
    assert auditor.post(page_of(CUSTOMERS, anna), {"firstname": "X"}).status_code == 403
    assert auditor.get(ADD).status_code == 403


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
    FieldFactory(organization=organization, name="Consent", is_mandatory=True)
    errors = errors_of(add(administrator, mobile="9812300002"))
    assert errors["__all__"][0].endswith("(1017)")


def test_warnings_are_printed(administrator: Client, till: Till) -> None:
    assert add(administrator, mobile="9812300002", source="WEBSITE", firstname="Be*la").status_code == 302
    assert Customer.objects.get().firstname == "Bela"
    assert sum("(91003)" in message for message in messages_to(administrator)) == 2


def test_a_known_customer_is_opened_not_changed(administrator: Client, anna: Customer) -> None:
    errors = errors_of(add(administrator, mobile="9812300001", firstname="Other"))
    assert "(1014)" in errors["__all__"][0]
    assert page_of(CUSTOMERS, anna) in errors["__all__"][0]
    anna.refresh_from_db()
    assert anna.firstname == "Anna"


def test_a_customer_of_another_store_is_named_without_a_link(seller: Client, anna: Customer, indiranagar: Till) -> None:
    other = register(indiranagar, mobile="9812300002")
    errors = errors_of(add(seller, mobile="9812300002"))
    assert "(1014)" in errors["__all__"][0]
    assert page_of(CUSTOMERS, other) not in errors["__all__"][0]


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

    def a_moment_later(rows: Any) -> Any:
        Customer.objects.update(version=F("version") + 1)
        return lock(rows)

    page = page_of(CUSTOMERS, anna)
    form = filled_form(administrator, page, lastname="Iyer")
    monkeypatch.setattr("customers.profile.locks.lock", a_moment_later)
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


def test_identifiers_follow_the_policies(administrator: Client, anna: Customer) -> None:
    assert change(administrator, anna, mobile="9812300077", email="new@example.com").status_code == 302
    assert set(Identifier.objects.values_list("value", flat=True)) == {"919812300001", "anna.rao@example.com", "NW-0001"}
    messages = messages_to(administrator)
    assert any("(91005)" in message for message in messages)
    assert any("(91006)" in message for message in messages)


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
    assert errors["email"][0].endswith("(1016)")


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
    def never_free(rows: Any) -> Any:
        error = OperationalError("lock not available")
        error.__cause__ = LockNotAvailable()
        raise error

    monkeypatch.setattr("customers.profile.locks.lock", never_free)
    errors = errors_of(change(administrator, anna, lastname="Iyer"))
    assert errors == {"__all__": ["Another action is running for this customer. Try again in a moment. (521)"]}


def test_a_lost_connection_is_no_refusal(administrator: Client, anna: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(rows: Any) -> Any:
        raise OperationalError("connection lost")

    monkeypatch.setattr("customers.profile.locks.lock", lost)
    with pytest.raises(OperationalError):
        change(administrator, anna, lastname="Iyer")


def test_a_broken_constraint_has_a_code(administrator: Client, anna: Customer) -> None:
    """A value that is nobody's any more and, against all rules, still taken."""
    Identifier.objects.filter(kind="mobile").update(state="FORMER")
    errors = errors_of(add(administrator, mobile="9812300001"))
    assert errors == {"__all__": ["Unable to register with external ID. (1038)"]}
    assert Customer.objects.get() == anna
