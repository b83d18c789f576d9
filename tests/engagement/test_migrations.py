"""Do programs that were kept as JSON become rows, and JSON again?"""

from copy import deepcopy
from typing import Any

import pytest

from engagement.coupons.models import CouponSeriesVersion
from engagement.programs.models import Program, ProgramVersion, Tier
from organizations.organization_file import dumping
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, load, small, storing, whole
from tests.migrations import carry_back, carry_over
from use_cases.organization_file import SECTIONS, dump_organization, load_organization

pytestmark = pytest.mark.django_db
# In their order: what became rows.
MIGRATIONS = (
    ("customers", "0003_segments_and_groups_of_organization_files"),
    ("engagement", "0002_programs_of_organization_files"),
    ("customers", "0010_customer_statuses_of_organization_files"),
)
COUPONS = "0017_coupon_series"
# What files brought as JSON when programs became rows, less the series, which have a test of their own.
STORED = storing("programs", "segments", "user_groups", "customer_statuses")


def stored(organization: Organization) -> dict[str, Any]:
    sections: dict[str, Any] = Organization.objects.get(pk=organization.pk).stored_sections
    return sections


def forth() -> None:
    for app, name in MIGRATIONS:
        carry_over(app, name)


def back() -> None:
    for app, name in reversed(MIGRATIONS):
        carry_back(app, name)


def test_json_becomes_the_rows_that_a_load_makes(db: None) -> None:
    meridian, tiny = load(whole(), sections=STORED).organization, load(small(), sections=STORED).organization
    file = dumping.dump_organization(meridian, sections=STORED)
    brought = {section.name for section in SECTIONS if not section.is_stored}
    others = {name: value for name, value in stored(meridian).items() if name not in brought}
    forth()
    meridian.refresh_from_db()
    assert stored(meridian) == others
    assert stored(tiny) == {}
    assert load_organization(check(whole())).lines == []
    assert sorted(dump_organization(meridian).splitlines()) == sorted(file.splitlines())
    with organization_scope(meridian):
        assert list(ProgramVersion.objects.values_list("number", flat=True)) == [1, 1, 1]
        assert list(Tier.objects.order_by("position").values_list("name", flat=True)) == [
            "Bronze",
            "Silver",
            "Gold",
            "Platinum",
            "Diamond",
        ]


def test_rows_become_the_same_json_again_and_stay(db: None) -> None:
    meridian, tiny = load(whole(), sections=STORED).organization, load(small(), sections=STORED).organization
    kept = deepcopy(stored(meridian))
    forth()
    back()
    again = stored(meridian)
    assert {program["name"]: program for program in again["programs"]} == {
        program["name"]: program for program in kept["programs"]
    }
    assert again.keys() == kept.keys()
    assert stored(tiny) == {}
    with organization_scope(meridian):
        assert Program.objects.count() == 3
    forth()
    assert load_organization(check(whole())).lines == []
    with organization_scope(meridian):
        assert ProgramVersion.objects.count() == 3


def test_later_json_changes_are_copied_to_the_rows(db: None) -> None:
    load(whole(), sections=STORED)
    forth()
    back()
    changed = whole()
    south = {**changed["programs"][1], "default": True, "bound_to": None}
    club = {**changed["programs"][0], "default": False, "precision": 0, "description": "Changed"}
    club["tiers"] = club["tiers"][:1]
    club["earning"][0]["when"]["tiers"] = ["Bronze"]
    changed["programs"] = [club, south]
    meridian = load(changed, sections=STORED).organization
    forth()
    assert load_organization(check(changed)).lines == []
    with organization_scope(meridian):
        assert sorted(Program.objects.values_list("name", "is_active", "is_default")) == [
            ("Meridian Club", True, False),
            ("North Club", False, False),
            ("South Club", True, True),
        ]
        assert sorted(ProgramVersion.objects.values_list("program__name", "number")) == [
            ("Meridian Club", 1),
            ("Meridian Club", 2),
            ("North Club", 1),
            ("South Club", 1),
        ]
        assert list(Tier.objects.filter(is_active=True).values_list("name", flat=True)) == ["Bronze"]


def test_coupon_series_become_rows_and_the_same_json_again(db: None) -> None:
    meridian, tiny = load(whole()).organization, load(small()).organization
    kept = deepcopy(stored(meridian)["coupon_series"])
    carry_over("engagement", COUPONS)
    assert "coupon_series" not in stored(meridian)
    assert stored(tiny) == {}
    with organization_scope(meridian):
        assert list(CouponSeriesVersion.objects.values_list("series__code", "number")) == [("FIXED", 1), ("WELCOME10", 1)]
    carry_back("engagement", COUPONS)
    again = {series["code"]: series for series in stored(meridian)["coupon_series"]}
    assert again == {series["code"]: series for series in kept}
