"""How does staff pause a program?"""

import pytest

from engagement.programs.models import Program
from engagement.programs.pausing import set_paused
from organizations.audit.actors import command_actor
from organizations.audit.models import AuditEntry
from organizations.tenancy.scoping import organization_scope
from tests.factories.program_files import club, loaded

pytestmark = pytest.mark.django_db


def test_a_pause_is_audited_once_and_ends_likewise() -> None:
    organization = loaded(club(), {"name": "Second"})
    by = command_actor("test", organization)
    with organization_scope(organization):
        default = Program.objects.get(name="Club")
        assert set_paused([default], paused=True, by=by) == [default]
        assert set_paused(Program.objects.all(), paused=True, by=by) == [Program.objects.get(name="Second")]
        assert set_paused([default], paused=True, by=by) == []
        assert Program.objects.filter(is_paused=True).count() == 2
        assert set_paused([default], paused=False, by=by) == [default]
        assert not Program.objects.get(name="Club").is_paused
        entries = AuditEntry.objects.filter(object_type="program", object_id=default.pk, actor=by.name).order_by("pk")
        assert list(entries.filter(new__has_key="paused").values_list("old", "new")) == [
            ({"paused": False}, {"paused": True}),
            ({"paused": True}, {"paused": False}),
        ]
