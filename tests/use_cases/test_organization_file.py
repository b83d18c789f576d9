"""A complete organization file."""

from datetime import UTC, date, datetime

import pytest
import yaml

from engagement.points.expiry import Expiry
from engagement.points.models import PointsAccount
from engagement.programs.models import Program
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, whole
from tests.factories.points import PointsAccountFactory, give_points
from use_cases.organization_file import dump_organization, load_organization

pytestmark = pytest.mark.django_db


def test_every_apps_part_is_loaded_and_dumped() -> None:
    report = load_organization(check(whole()))
    with organization_scope(report.organization):
        assert Program.objects.count() == 3
    assert "programs" not in report.stored
    assert "coupon_series" not in report.stored
    assert list(yaml.safe_load(dump_organization(report.organization))) == list(whole())


def test_a_dry_run_is_taken_back() -> None:
    organization = load_organization(check(whole())).organization
    document = whole()
    document["programs"][1]["description"] = "Changed"
    assert load_organization(check(document), dry_run=True).lines == ['programs[1].description: "" -> "Changed"']
    with organization_scope(organization):
        assert Program.objects.get(name="South Club").description == ""


def due_at(zone: str, *, dry_run: bool = False) -> datetime | None:
    """When the only account is due, after the file was loaded with this zone."""
    document = whole()
    document["organization"]["timezone"] = zone
    organization = load_organization(check(document), dry_run=dry_run).organization
    with organization_scope(organization):
        return PointsAccount.objects.get().due_at


def test_another_time_zone_changes_when_points_expire() -> None:
    organization = load_organization(check(whole())).organization
    with organization_scope(organization):
        give_points(PointsAccountFactory(organization=organization), 5, expiry=Expiry(on=date(2026, 10, 24)))
    in_new_york = datetime(2026, 10, 25, 4, tzinfo=UTC)
    at_home = due_at(organization.timezone)
    assert at_home != in_new_york
    assert [due_at("America/New_York", dry_run=True), due_at("America/New_York"), due_at(organization.timezone)] == [
        at_home,
        in_new_york,
        at_home,
    ]
