"""Drafts of a program's rules, when two members of staff change one at once."""

from typing import Any

import pytest

from engagement.programs.models import Program, ProgramDraft, ProgramVersion
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope
from tests.factories.program_files import club, loaded
from tests.races import race
from use_cases.drafts import StaleDraftError, keep_draft, mark_of, publish_draft


@pytest.fixture
def northwind(transactional_db: None) -> Organization:
    return loaded(club())


def test_changes_at_once_are_all_in_the_draft_and_it_is_saved_once(northwind: Organization) -> None:
    by = Actor(organization=northwind, source=AuditEntry.Source.BACK_OFFICE, name="staff:asha")

    def change(changes: dict[str, Any]) -> None:
        with organization_scope(northwind):
            keep_draft(Program.objects.get(), changes, by=by)

    race([[{"precision": 2}], [{"points_to_currency": 1}]], change)

    def publish(_job: int) -> int:
        with organization_scope(northwind):
            try:
                return publish_draft(Program.objects.get(), seen=seen, by=by).number
            except StaleDraftError:
                return 0

    with organization_scope(northwind):
        draft = ProgramDraft.objects.get()
        rules, seen = draft.rules, mark_of(draft)
        assert (rules["precision"], rules["points_to_currency"]) == (2, 1)
        assert sorted(race([[1], [2]], publish)) == [0, 2]
        assert ProgramVersion.objects.count() == 2
