"""Customers in the back office: the list, and the page of a customer."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from customers.cards.models import Card
from customers.profile.models import Customer
from organizations.locations.models import Till
from tests.back_office import list_of, page_of, register, shown, table_texts
from tests.customers.profile.admin.forms import ADD, CUSTOMERS, change, edit_page
from tests.customers.profile.admin.test_customer_timeline import FIRST_SCREEN
from tests.factories.cards import CardFactory, CardSeriesFactory
from tests.factories.fields import FieldFactory
from tests.factories.groups import UserGroupFactory, join_group
from tests.factories.identity_requests import ask
from tests.factories.segments import SegmentFactory, SegmentPartitionFactory, put_into
from tests.factories.sources import SourceProfileFactory

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
    change(administrator, anna, lastname="Iyer")
    page = administrator.get(page_of(CUSTOMERS, anna), {"tab": "profile"}).content.decode()
    for text in ("Playing, Singing", "old answer", "GOLD1", "wx-main", "WHATSAPP", "MG Road"):
        assert text in page
    page = administrator.get(page_of(CUSTOMERS, anna), {"tab": "audit"}).content.decode()
    for text in ("<del>Rao</del>", "<ins>Iyer</ins>", "asha (staff), back office", "by mgroad.till1 (till)"):
        assert text in page
    history = administrator.get(reverse("admin:customers_customer_history", args=[anna.pk])).content.decode()
    assert "<del>Rao</del>" in history


def test_the_history_holds_what_happened_to_the_cards(administrator: Client, anna: Customer) -> None:
    CardSeriesFactory(organization=anna.organization)
    change(administrator, anna, series_code="GOLD")
    assert Card.objects.get().customer == anna
    answer = administrator.get(page_of(CUSTOMERS, anna), {"tab": "audit"})
    assert [row.title for row in answer.context["timeline"].rows] == ["Card issued", "Registered"]
    history = administrator.get(reverse("admin:customers_customer_history", args=[anna.pk])).content.decode()
    assert "Issued" in history


@pytest.mark.parametrize("rows", [1, 3])
def test_the_profile_costs_the_same_for_any_number_of_rows(
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
    administrator.get(page_of(CUSTOMERS, anna))  # the process remembers the configuration
    # Cards, segments, groups, profiles, fields, registering till; adjustments, tickets, referrals and their codes, requests,
    # recommendations with the version of the configuration.
    with django_assert_num_queries(FIRST_SCREEN + 13):
        administrator.get(page_of(CUSTOMERS, anna), {"tab": "profile"})


def test_the_page_is_no_form_and_saving_the_form_leads_back_to_it(administrator: Client, anna: Customer) -> None:
    page = administrator.get(page_of(CUSTOMERS, anna)).content.decode()
    assert edit_page(anna) in page
    assert 'name="firstname"' not in page
    assert administrator.post(page_of(CUSTOMERS, anna), {"firstname": "X"}).status_code == 405
    assert change(administrator, anna, lastname="Iyer")["Location"] == page_of(CUSTOMERS, anna)
    form = administrator.get(edit_page(anna)).content.decode()
    assert "_continue" not in form
    assert page_of(CUSTOMERS, anna) in form


def test_the_page_links_segments_and_groups_by_permission(administrator: Client, seller: Client, anna: Customer) -> None:
    low, _high = SegmentFactory(organization=anna.organization, name="spend-band", partitions=["low", "high"]).partitions.all()
    (gone,) = SegmentFactory(organization=anna.organization, name="gone", partitions=["x"], is_active=False).partitions.all()
    family = UserGroupFactory(organization=anna.organization, external_id="G1", name="Family")
    put_into(low, anna.pk)
    put_into(gone, anna.pk)
    join_group(family, anna.pk, role="PRIMARY")
    for browser, may_see in ((administrator, True), (seller, False)):
        answer = browser.get(page_of(CUSTOMERS, anna), {"tab": "profile"})
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
    assert shown(administrator.get(list_of(CUSTOMERS), {"partition": low.pk + 1})) == []


def test_an_auditor_reads_the_page_and_has_no_form(auditor: Client, anna: Customer) -> None:
    page = auditor.get(page_of(CUSTOMERS, anna)).content.decode()
    assert "a•••@e•••.com" in page
    assert 'name="firstname"' not in page
    assert edit_page(anna) not in page
    assert auditor.get(edit_page(anna)).status_code == 403
    assert auditor.post(edit_page(anna), {"firstname": "X"}).status_code == 403
    assert auditor.get(ADD).status_code == 403
