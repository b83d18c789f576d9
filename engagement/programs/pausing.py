"""Pausing of programs, so that they award nothing for the time being (code 1098)"""

from collections.abc import Iterable

from django.db import transaction

from engagement.programs.models import Program
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes


@transaction.atomic
def set_paused(programs: Iterable[Program], *, paused: bool, by: Actor) -> list[Program]:
    """Pause these programs of the actor's organization, or let them go on. Returns those for which that is a change."""
    changed: list[Program] = []
    for program in programs:
        # Counts only if it was not done meanwhile: the audit has one entry for it.
        if Program.objects.filter(pk=program.pk, is_paused=not paused).update(is_paused=paused):
            program.is_paused = paused
            changed.append(program)
    record_changes(
        [
            Change(
                action="changed",
                object_type="program",
                object_id=program.pk,
                old={"paused": not paused},
                new={"paused": paused},
            )
            for program in changed
        ],
        by=by,
    )
    return changed
