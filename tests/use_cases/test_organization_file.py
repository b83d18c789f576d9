"""A complete organization file."""

import pytest
import yaml

from engagement.programs.models import Program
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, whole
from use_cases.organization_file import dump_organization, load_organization

pytestmark = pytest.mark.django_db


def test_every_apps_part_is_loaded_and_dumped() -> None:
    report = load_organization(check(whole()))
    with organization_scope(report.organization):
        assert Program.objects.count() == 3
    assert "programs" not in report.stored
    assert "coupon_series" in report.stored
    assert list(yaml.safe_load(dump_organization(report.organization))) == list(whole())


def test_a_dry_run_is_taken_back() -> None:
    organization = load_organization(check(whole())).organization
    document = whole()
    document["programs"][1]["description"] = "Changed"
    assert load_organization(check(document), dry_run=True).lines == ['programs[1].description: "" -> "Changed"']
    with organization_scope(organization):
        assert Program.objects.get(name="South Club").description == ""
