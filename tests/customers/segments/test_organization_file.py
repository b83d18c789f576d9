"""Section `segments` of the organization file."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from pytest_django import DjangoAssertNumQueries

from customers.segments.models import Segment, SegmentPartition
from customers.segments.organization_file import dump_segments
from organizations.audit.models import AuditEntry
from organizations.organization_file.loading import LoadReport
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, small
from use_cases.organization_file import check_document, dump_organization, load_organization

pytestmark = pytest.mark.django_db
BAND: dict[str, Any] = {"name": "band", "partitions": ["low", "mid", "high"]}
CYCLE: dict[str, Any] = {"name": "cycle", "partitions": ["new", "lapsed"]}


def load(*segments: dict[str, Any], code: str = "tiny", dry_run: bool = False) -> LoadReport:
    return load_organization(check({**small(code), "segments": list(segments)}), dry_run=dry_run)


@pytest.fixture
def tiny() -> Iterator[Organization]:
    organization = load(BAND, CYCLE).organization
    with organization_scope(organization):
        yield organization


def reload(organization: Organization) -> list[str]:
    """What loading its own dump changes."""
    return load_organization(check_document(dump_organization(organization).encode(), environment={})).lines


def partitions(segment: str) -> list[tuple[str, int, bool]]:
    rows = SegmentPartition.objects.filter(segment__name=segment).order_by("position", "name")
    return list(rows.values_list("name", "position", "is_active"))


def audited() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    entries = AuditEntry.objects.filter(object_type="segment").order_by("pk")
    return list(entries.values_list("action", "old", "new"))


def test_a_segment_gets_its_row_and_its_partitions_in_order() -> None:
    report = load(BAND)
    assert report.lines[-2:] == ["segments[0]: created segment band", 'segments[0].partitions: [] -> ["low", "mid", "high"]']
    assert (report.stored, report.organization.stored_sections) == ([], {})
    with organization_scope(report.organization):
        assert list(Segment.objects.values_list("name", "is_active")) == [("band", True)]
        assert partitions("band") == [("low", 1, True), ("mid", 2, True), ("high", 3, True)]
        assert audited() == [
            ("created", {}, {"name": "band", "active": True}),
            ("changed", {"partitions": []}, {"partitions": ["low", "mid", "high"]}),
        ]


def test_the_same_file_again_changes_nothing(tiny: Organization) -> None:
    entries = AuditEntry.objects.count()
    assert load(BAND, CYCLE).lines == []
    assert AuditEntry.objects.count() == entries
    assert reload(tiny) == []


def test_partitions_come_go_and_change_places_and_are_never_deleted(tiny: Organization) -> None:
    before = {partition.name: partition.pk for partition in SegmentPartition.objects.filter(segment__name="band")}
    assert load({**BAND, "partitions": ["high", "top", "low"]}, CYCLE).lines == [
        'segments[0].partitions: ["low", "mid", "high"] -> ["high", "top", "low"]'
    ]
    assert partitions("band") == [("high", 1, True), ("mid", 2, False), ("top", 2, True), ("low", 3, True)]
    assert partitions("cycle") == [("new", 1, True), ("lapsed", 2, True)]
    assert audited()[-1][1:] == ({"partitions": ["low", "mid", "high"]}, {"partitions": ["high", "top", "low"]})
    assert reload(tiny) == []
    load(BAND, CYCLE)
    assert partitions("band") == [("low", 1, True), ("mid", 2, True), ("top", 2, False), ("high", 3, True)]
    assert (
        before.items()
        <= {partition.name: partition.pk for partition in SegmentPartition.objects.filter(segment__name="band")}.items()
    )


def test_a_segment_removed_from_the_file_keeps_its_partitions(tiny: Organization) -> None:
    assert load(BAND).lines == ["segment cycle: no longer named, deactivated"]
    assert partitions("cycle") == [("new", 1, True), ("lapsed", 2, True)]
    assert yaml.safe_load(dump_organization(tiny))["segments"] == [BAND, {**CYCLE, "active": False}]
    assert reload(tiny) == []
    assert load(BAND, CYCLE).lines == ["segments[1].active: false -> true"]


def test_a_dry_run_leaves_nothing(tiny: Organization) -> None:
    assert len(load({**BAND, "partitions": ["x"]}, dry_run=True).lines) == 2
    assert len(partitions("band")) == 3


def test_other_organizations_segments_are_left_alone(tiny: Organization) -> None:
    bazaar = load({**BAND, "partitions": ["x"]}, code="bazaar").organization
    load()
    assert not Segment.objects.filter(is_active=True).exists()
    with organization_scope(bazaar):
        assert dump_segments(bazaar) == [{"name": "band", "partitions": ["x"], "active": True}]


@pytest.mark.parametrize("count", [1, 3])
def test_the_dump_asks_the_same_for_any_number_of_segments(
    tiny: Organization, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    load(*({"name": f"segment {number}", "partitions": ["a", "b"]} for number in range(count)))
    with django_assert_num_queries(2):
        assert len(dump_segments(tiny)) == count + 2
