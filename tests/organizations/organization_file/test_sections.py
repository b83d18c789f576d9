"""How does an app above keep a section of the organization file in rows of its own?"""

from typing import Any

import pytest

from organizations.locations.models import Zone
from organizations.organization_file.checking import Document
from organizations.organization_file.dumping import organization_document
from organizations.organization_file.rows import RowChanges
from organizations.organization_file.sections import Section
from tests.factories.documents import load, small

pytestmark = pytest.mark.django_db
SEGMENTS = [{"name": "band", "partitions": ["low", "high"]}]


def segments(kept: dict[str, Any]) -> Section:
    """Keeps the section `segments` in a dict."""

    def bring(document: Document, rows: RowChanges) -> None:
        kept["zones"] = list(Zone.objects.values_list("code", flat=True))
        kept["segments"] = document["segments"]
        rows.lines.append("segments: brought")

    return Section(name="segments", bring=bring, tell=lambda: kept["segments"])


def test_a_section_that_is_handed_in_is_brought_told_and_not_stored() -> None:
    kept: dict[str, Any] = {}
    sections = [segments(kept)]
    report = load({**small(), "zones": [{"code": "south", "name": "South"}], "segments": SEGMENTS}, sections=sections)
    assert kept == {"zones": ["south"], "segments": [{**SEGMENTS[0], "active": True}]}
    assert report.lines[-1] == "segments: brought"
    assert report.stored == []
    assert report.organization.stored_sections == {}
    assert organization_document(report.organization, sections=sections)["segments"] == SEGMENTS
    assert "segments" not in organization_document(report.organization, sections=())


def test_a_section_that_nobody_hands_in_is_stored() -> None:
    report = load({**small(), "segments": SEGMENTS})
    assert report.stored == ["segments"]
    assert report.organization.stored_sections == {"segments": SEGMENTS}
    assert organization_document(report.organization, sections=())["segments"] == SEGMENTS


def test_what_has_rows_already_is_no_section_to_hand_in() -> None:
    with pytest.raises(ValueError, match="'zones' is no section that another app could keep"):
        Section(name="zones", bring=lambda document, rows: None, tell=list)
