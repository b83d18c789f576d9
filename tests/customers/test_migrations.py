"""Migration of segments, user groups and customer statuses from JSON to rows, and back."""

from copy import deepcopy
from typing import Any

import pytest

from customers.groups.models import UserGroup
from customers.segments.models import Segment, SegmentPartition
from customers.statuses.models import CustomerStatus
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, load, small, storing
from tests.migrations import carry_back, carry_over
from use_cases.organization_file import load_organization

pytestmark = pytest.mark.django_db
SEGMENTS = [{"name": "band", "partitions": ["low", "mid"]}, {"name": "cycle", "partitions": ["new"]}]
GROUPS = [{"external_id": "G1", "name": "Family 1"}, {"external_id": "G2", "name": "Crew"}]
WITH_BOTH: dict[str, Any] = {**small(), "segments": SEGMENTS, "user_groups": GROUPS}
CAMPAIGNS = [{"token": "F", "name": "Friends", "kind": "REFERRAL"}]
# What files brought as rows when the migrations were written.
OTHERS = storing("segments", "user_groups", "customer_statuses")
WITHOUT_STATUSES = storing("customer_statuses")
STATUSES = [
    {"status": "ACTIVE", "label": "Fine"},
    {"status": "SUSPENDED", "label": "On hold", "blocks": ["points_redeem", "coupon_issue"]},
]


def back() -> None:
    carry_back("customers", "0003_segments_and_groups_of_organization_files")


def forth() -> None:
    carry_over("customers", "0003_segments_and_groups_of_organization_files")


def stored(organization: Organization) -> dict[str, Any]:
    sections: dict[str, Any] = Organization.objects.get(pk=organization.pk).stored_sections
    return sections


def test_json_becomes_the_rows_that_a_load_makes(db: None) -> None:
    tiny = load({**WITH_BOTH, "referral_campaigns": CAMPAIGNS}, sections=OTHERS).organization
    other = load(small("other"), sections=OTHERS).organization
    forth()
    assert stored(tiny) == {}
    assert stored(other) == {}
    assert load_organization(check({**WITH_BOTH, "referral_campaigns": CAMPAIGNS})).lines == []
    with organization_scope(tiny):
        assert (Segment.objects.count(), SegmentPartition.objects.count(), UserGroup.objects.count()) == (2, 3, 2)


def test_rows_in_use_become_the_same_json_again_and_all_stay(db: None) -> None:
    tiny = load(WITH_BOTH, sections=OTHERS).organization
    kept = deepcopy(stored(tiny))
    forth()
    back()
    assert stored(tiny) == kept
    forth()
    fewer = {**small(), "segments": [{"name": "band", "partitions": ["mid"]}], "user_groups": GROUPS[1:]}
    load_organization(check(fewer))
    back()
    assert stored(tiny) == {"segments": fewer["segments"], "user_groups": fewer["user_groups"]}
    forth()
    assert load_organization(check(fewer)).lines == []
    with organization_scope(tiny):
        assert (Segment.objects.count(), SegmentPartition.objects.count(), UserGroup.objects.count()) == (2, 3, 2)


def test_later_json_changes_are_copied_to_the_rows(db: None) -> None:
    load(WITH_BOTH, sections=OTHERS)
    forth()
    back()
    changed = {
        **small(),
        "segments": [{"name": "band", "partitions": ["mid", "top"], "active": False}],
        "user_groups": [{"external_id": "G2", "name": "The crew"}],
    }
    tiny = load(changed, sections=OTHERS).organization
    forth()
    assert load_organization(check(changed)).lines == []
    with organization_scope(tiny):
        assert list(Segment.objects.values_list("name", "is_active")) == [("band", False), ("cycle", False)]
        rows = SegmentPartition.objects.filter(segment__name="band").order_by("name")
        assert list(rows.values_list("name", "position", "is_active")) == [
            ("low", 1, False),
            ("mid", 1, True),
            ("top", 2, True),
        ]
        assert list(UserGroup.objects.values_list("external_id", "name", "is_active")) == [
            ("G1", "Family 1", False),
            ("G2", "The crew", True),
        ]


STATUSES_MIGRATION = "0010_customer_statuses_of_organization_files"


def test_statuses_become_rows_and_json_again(db: None) -> None:
    document = {**small(), "customer_statuses": STATUSES}
    tiny = load(document, sections=WITHOUT_STATUSES).organization
    assert stored(tiny) == {"customer_statuses": STATUSES}
    carry_over("customers", STATUSES_MIGRATION)
    assert stored(tiny) == {}
    assert load_organization(check(document)).lines == []
    carry_back("customers", STATUSES_MIGRATION)
    assert stored(tiny) == {"customer_statuses": STATUSES}
    changed = {**document, "customer_statuses": [{**STATUSES[1], "blocks": ["transactions"]}]}
    load(changed, sections=WITHOUT_STATUSES)
    carry_over("customers", STATUSES_MIGRATION)
    with organization_scope(tiny):
        assert list(CustomerStatus.objects.values_list("label", "blocks", "is_active")) == [
            ("Fine", [], False),
            ("On hold", ["transactions"], True),
        ]
