"""Files of the demo that staff imported."""

from pathlib import Path

import pytest
from pytest_django import Settings

from customers.profile.models import Customer
from demo.uploads import IMPORTER, import_demo_files
from engagement.notes.models import Note
from organizations.imports.files import rejected_path
from organizations.imports.models import ImportRun, UploadedFile
from organizations.tenancy.models import Organization
from tests.factories.customers import CustomerFactory, IdentifierFactory
from tests.factories.staff import StaffMemberFactory

pytestmark = pytest.mark.django_db


def test_files_are_imported_once(organization: Organization, settings: Settings, tmp_path: Path) -> None:
    settings.IMPORT_FILES_DIR = tmp_path
    StaffMemberFactory(organization=organization, role="org_admin", username=IMPORTER)
    known = CustomerFactory(organization=organization)
    IdentifierFactory(customer=known, kind="email", value="known@example.com")
    assert import_demo_files(organization) == 3
    notes, members = ImportRun.objects.all()
    assert (members.created, members.rejected, notes.created, notes.rejected) == (4, 2, 5, 0)
    assert rejected_path(members).exists()
    assert (Customer.objects.count(), Note.objects.filter(customer=known).count()) == (5, 1)
    assert UploadedFile.objects.latest("pk").state == "CHECKED"
    assert import_demo_files(organization) == 0
