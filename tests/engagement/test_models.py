"""What does the database itself refuse?"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from customers.profile.models import Customer
from engagement.programs.models import Membership, Program, ProgramVersion, Tier
from organizations.tenancy.scoping import organization_scope
from tests.factories.program_files import club, loaded

AT = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> Iterator[Program]:
    organization = loaded(club())
    with organization_scope(organization):
        yield Program.objects.get()


def test_a_version_is_never_changed_or_deleted(program: Program) -> None:
    version = ProgramVersion.objects.get()
    for change in (version.save, version.delete):
        with pytest.raises(DatabaseError, match="engagement_programversion is append-only"), transaction.atomic():
            change()
    assert ProgramVersion.objects.count() == 1


def test_there_is_one_default_program(program: Program) -> None:
    with pytest.raises(IntegrityError, match="program_one_default"), transaction.atomic():
        Program.objects.create(organization=program.organization, name="Second", is_default=True)
    Program.objects.create(organization=program.organization, name="Second")
    Program.objects.create(organization=program.organization, name="Third")


@pytest.mark.parametrize(
    ("model", "values", "constraint"),
    [
        (Program, {"name": "Club"}, "program_name_unique"),
        (ProgramVersion, {"number": 1, "rules": {}, "made_at": AT}, "program_version_number_unique"),
        (ProgramVersion, {"number": 0, "rules": {}, "made_at": AT}, "program_version_counts_from_one"),
        (Tier, {"name": "Bronze", "position": 9}, "tier_name_unique"),
        (Tier, {"name": "New", "position": 0}, "tier_counts_from_one"),
    ],
)
def test_rows_that_cannot_be_are_refused(program: Program, model: Any, values: dict[str, Any], constraint: str) -> None:
    of_program = {} if model is Program else {"program": program}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.create(organization=program.organization, **of_program, **values)


@pytest.mark.parametrize("values", [{"tier_since": AT}, {"tier_expires_on": date(2026, 1, 1)}, {"tier": True}])
def test_a_tier_and_its_dates_go_together(program: Program, values: dict[str, Any]) -> None:
    customer = Customer.objects.create(organization=program.organization, registered_on=AT, updated_on=AT)
    if "tier" in values:
        values = {"tier": Tier.objects.get(name="Bronze")}
    with pytest.raises(IntegrityError, match="membership_tier_has_its_date"), transaction.atomic():
        Membership.objects.create(
            organization=program.organization, customer=customer, program=program, enrolled_on=AT, **values
        )


def test_rows_have_readable_texts(program: Program) -> None:
    customer = Customer.objects.create(organization=program.organization, registered_on=AT, updated_on=AT)
    assert str(ProgramVersion.objects.get()) == "Club, version 1"
    assert list(map(str, Tier.objects.all())) == ["Bronze", "Silver", "Gold"]
    assert str(Membership(customer=customer, program=program)) == f"{customer} in Club"
