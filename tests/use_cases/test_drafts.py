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
from use_cases.drafts import (
    StaleDraftError,
    UnseenDraftError,
    keep_draft,
    mark_of,
    publish_draft,
    rules_in_work,
    shown_rules,
)


@pytest.fixture
def northwind(transactional_db: None) -> Organization:
    return loaded(club())


def test_changes_at_once_are_all_in_the_draft_and_it_is_saved_once(northwind: Organization) -> None:
    by = Actor(organization=northwind, source=AuditEntry.Source.BACK_OFFICE, name="staff:asha")

    def change(changes: dict[str, Any]) -> None:
        with organization_scope(northwind):
            keep_draft(program, changes, seen=mark_of(shown, changes), by=by)

    with organization_scope(northwind):
        program = Program.objects.get()
        shown = shown_rules(program, rules_in_work(program))
    race([[{"precision": 2}], [{"points_to_currency": 1}]], change)

    def publish(_job: int) -> int:
        with organization_scope(northwind):
            try:
                return publish_draft(Program.objects.get(), seen=seen, by=by).number
            except StaleDraftError:
                return 0

    with organization_scope(northwind):
        draft = ProgramDraft.objects.get()
        rules, seen = draft.rules, mark_of(shown_rules(program, draft.rules))
        assert (rules["precision"], rules["points_to_currency"]) == (2, 1)
        assert sorted(race([[1], [2]], publish)) == [0, 2]
        assert ProgramVersion.objects.count() == 2


def test_of_two_changes_of_one_key_at_once_one_is_refused(northwind: Organization) -> None:
    by = Actor(organization=northwind, source=AuditEntry.Source.BACK_OFFICE, name="staff:asha")
    with organization_scope(northwind):
        program = Program.objects.get()
        seen = mark_of(shown_rules(program, rules_in_work(program)), ["precision"])

    def change(precision: int) -> int:
        with organization_scope(northwind):
            try:
                keep_draft(program, {"precision": precision}, seen=seen, by=by)
            except UnseenDraftError:
                return 0
            return precision

    kept = [precision for precision in race([[2], [3]], change) if precision]
    with organization_scope(northwind):
        assert [ProgramDraft.objects.get().rules["precision"]] == kept
