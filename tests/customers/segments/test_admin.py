"""Segments in the back office."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from customers.profile.models import Customer
from customers.segments.models import Segment, SegmentPartition
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from tests.back_office import errors_of, filled_form, list_of, page_of, shown, table_texts
from tests.factories.segments import SegmentFactory, put_into

SEGMENTS = "customers_segment"
ADD = "/admin/customers/segment/add/"


@pytest.fixture
def band(organization: Organization) -> Segment:
    segment: Segment = SegmentFactory(organization=organization, name="band", partitions=["low", "mid", "high"])
    return segment


def audited() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    entries = AuditEntry.objects.filter(object_type="segment").order_by("pk")
    return list(entries.values_list("action", "old", "new"))


def partitions() -> list[tuple[str, bool]]:
    return list(SegmentPartition.objects.order_by("position", "name").values_list("name", "is_active"))


def test_a_segment_is_added_with_its_partitions_one_a_line(administrator: Client, organization: Organization) -> None:
    typed = {"name": "band", "partitions": "low\n\n mid \nhigh"}
    assert administrator.post(ADD, filled_form(administrator, ADD, **typed)).status_code == 302
    assert partitions() == [("low", True), ("mid", True), ("high", True)]
    assert audited() == [
        ("created", {}, {"name": "band", "active": True}),
        ("changed", {"partitions": []}, {"partitions": ["low", "mid", "high"]}),
    ]
    again = administrator.post(ADD, filled_form(administrator, ADD, **typed))
    assert errors_of(again) == {"name": ["Is taken already."]}


@pytest.mark.parametrize("typed", ["", "a\na", "x" * 101])
def test_partitions_are_checked_as_in_the_organization_file(
    administrator: Client, organization: Organization, typed: str
) -> None:
    form = {**filled_form(administrator, ADD, name="band"), "partitions": typed}
    assert list(errors_of(administrator.post(ADD, form))) == ["partitions"]
    assert not Segment.objects.exists()


def test_partitions_are_changed_and_saving_again_changes_nothing(administrator: Client, band: Segment) -> None:
    page = page_of(SEGMENTS, band)
    form = filled_form(administrator, page)
    assert form["partitions"] == "low\nmid\nhigh"
    administrator.post(page, form)
    assert audited() == []
    administrator.post(page, {**form, "partitions": "high\nlow"})
    assert partitions() == [("high", True), ("low", True), ("mid", False)]
    assert filled_form(administrator, page)["partitions"] == "high\nlow"
    assert audited() == [("changed", {"partitions": ["low", "mid", "high"]}, {"partitions": ["high", "low"]})]


def test_the_page_counts_customers_and_leads_to_them(administrator: Client, band: Segment, anna: Customer) -> None:
    low, mid, _high = band.partitions.order_by("position")
    put_into(mid, anna.pk)
    answer = administrator.get(page_of(SEGMENTS, band))
    assert table_texts(answer.context["table"]) == [["low", "0"], ["mid", "1"], ["high", "0"]]
    assert f"{list_of('customers_customer')}?partition={low.pk}" in answer.content.decode()
    band.partitions.update(is_active=False)
    assert "No partition is active." in administrator.get(page_of(SEGMENTS, band)).content.decode()


def test_segments_are_listed_found_and_switched_off(administrator: Client, organization: Organization, band: Segment) -> None:
    (young,) = SegmentFactory(organization=organization, name="age", partitions=["young"]).partitions.all()
    answer = administrator.get(list_of(SEGMENTS))
    assert shown(answer) == [young.segment, band]
    assert "low, mid, high" in answer.content.decode()
    assert shown(administrator.get(list_of(SEGMENTS), {"q": "ban"})) == [band]
    administrator.post(list_of(SEGMENTS), {"action": "deactivate", "confirmed": "1", "_selected_action": [band.pk]})
    assert shown(administrator.get(list_of(SEGMENTS), {"is_active__exact": "0"})) == [band]


def test_an_auditor_reads_and_store_staff_see_nothing(auditor: Client, seller: Client, band: Segment) -> None:
    page = auditor.get(page_of(SEGMENTS, band)).content.decode()
    assert "low, mid, high" in page
    assert auditor.post(page_of(SEGMENTS, band), {"name": "x", "partitions": "y"}).status_code == 403
    assert seller.get(list_of(SEGMENTS)).status_code == 403


def test_an_operator_sees_each_segment_with_its_organization(operator: Client, band: Segment) -> None:
    assert "Northwind" in operator.get(list_of(SEGMENTS)).content.decode()
    assert operator.get(page_of(SEGMENTS, band)).context["table"].cells[0][1][1].endswith(">0</a>")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_any_number(
    administrator: Client, organization: Organization, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    SegmentFactory.create_batch(rows, organization=organization, partitions=["a", "b"])
    # Session, member of staff, the limit to stores, two counts, segments, partitions.
    with django_assert_num_queries(8):
        administrator.get(list_of(SEGMENTS))
