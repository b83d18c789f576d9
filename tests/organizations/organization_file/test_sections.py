"""Sections with rows of their own, and stored sections."""

from dataclasses import replace
from typing import Any

import pytest

from organizations.locations.models import Zone
from organizations.organization_file.dumping import organization_document
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.sections import Document, Section
from tests.factories.organization_files import OWN_SECTIONS, load, small
from use_cases.organization_file import SECTIONS

pytestmark = pytest.mark.django_db
SEGMENTS = [{"name": "band", "partitions": ["low", "high"]}]


def sections_with_segments_in(kept: dict[str, Any]) -> list[Section]:
    """All sections; `segments` is kept in a dict."""

    def load_segments(document: Document, rows: RowChanges) -> None:
        kept["zones"] = list(Zone.objects.values_list("code", flat=True))
        kept["segments"] = document["segments"]
        rows.lines.append("segments: loaded")

    return [
        replace(section, load=load_segments, dump=lambda organization: kept["segments"], is_stored=False)
        if section.name == "segments"
        else section
        for section in OWN_SECTIONS
    ]


def test_a_section_with_rows_is_loaded_and_dumped_and_not_stored() -> None:
    kept: dict[str, Any] = {}
    sections = sections_with_segments_in(kept)
    report = load({**small(), "zones": [{"code": "south", "name": "South"}], "segments": SEGMENTS}, sections=sections)
    assert kept == {"zones": ["south"], "segments": [{**SEGMENTS[0], "active": True}]}
    assert report.lines[-1] == "segments: loaded"
    assert report.stored == []
    assert report.organization.stored_sections == {}
    assert organization_document(report.organization, sections=sections)["segments"] == SEGMENTS
    assert "segments" not in organization_document(report.organization, sections=OWN_SECTIONS)


def test_a_section_without_rows_is_stored() -> None:
    report = load({**small(), "segments": SEGMENTS})
    assert report.stored == ["segments"]
    assert report.organization.stored_sections == {"segments": SEGMENTS}
    assert organization_document(report.organization, sections=OWN_SECTIONS)["segments"] == SEGMENTS


def test_every_section_is_loaded_stored_or_part_of_the_organization() -> None:
    for section in SECTIONS:
        assert (section.load is not None) + section.is_stored + bool(section.columns) == 1, section.name
