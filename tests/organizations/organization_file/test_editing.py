"""Rows of the organization file changed one by one, by several people at once."""

from typing import Any

import pytest

from engagement.coupons.admin.series import SeriesAdmin
from engagement.coupons.models import CouponSeriesVersion
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.organization_file.editing import digest_of, save_edit, shown_row
from organizations.organization_file.problems import OrganizationFileError
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.organization_files import check, whole
from tests.races import race
from use_cases.organization_file import load_organization

SERIES = SeriesAdmin.editable


@pytest.fixture
def meridian(transactional_db: None) -> Organization:
    return load_organization(check(whole())).organization


def test_edits_at_once_do_not_overwrite_each_other(meridian: Organization) -> None:
    by = Actor(organization=meridian, source=AuditEntry.Source.BACK_OFFICE, name="staff:noor")
    with organization_scope(meridian):
        seen = digest_of(shown_row(SERIES, "FIXED", organization=meridian))

    def save(edit: tuple[str, str, dict[str, Any]]) -> str:
        name, digest, typed = edit
        with organization_scope(meridian):
            try:
                save_edit(SERIES, typed, name=name, seen=digest, by=by)
            except OrganizationFileError as error:
                return str(error)
        return "saved"

    def terms(value: int) -> dict[str, Any]:
        return {"discount_type": "FLAT", "discount_value": value}

    changed = race([[("FIXED", seen, {"code": "FIXED", **terms(value)})] for value in (1, 2)], save)
    assert sorted(changed) == ["it was changed meanwhile; open it again", "saved"]
    added = race([[("", digest_of({}), {"code": "NEW", **terms(value)})] for value in (1, 2)], save)
    assert sorted(added) == ["code: is taken already", "saved"]
    with organization_scope(meridian):
        assert CouponSeriesVersion.objects.filter(series__code__in=["FIXED", "NEW"]).count() == 3
