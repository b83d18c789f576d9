"""Rehearsals of the back office: worked by a worker with progress, and removed after their time."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from engagement.programs.models import Program
from engagement.rehearsal.models import Rehearsal
from engagement.rehearsal.services import rehearse, result_of
from loyalty_project import clock
from loyalty_project.jobs import IMPORTS, Arguments, defer_job, defer_missing_jobs
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

# Task that works a rehearsal. Arguments: the organization's code and the rehearsal's id.
TASK: Final = "rehearse_program"
KEPT: Final = timedelta(days=30)


@transaction.atomic
def request_rehearsal(program: Program, draft: Mapping[str, Any], *, days: int, by: Actor) -> Rehearsal:
    """Store a rehearsal of checked rules, with the job that works it. The program is not changed."""
    rehearsal = Rehearsal.objects.create(
        organization=by.organization,
        program=program,
        draft=dict(draft),
        days=days,
        requested_at=clock.now(),
        requested_by=by.name,
    )
    new = {"program": program.name, "days": days}
    record_changes([Change(action="requested", object_type="rehearsal", object_id=rehearsal.pk, new=new)], by=by)
    arguments = _arguments(by.organization, rehearsal.pk)
    defer_job(TASK, lock=_job_lock(rehearsal.pk), arguments=arguments, queue=IMPORTS)
    return rehearsal


def work_rehearsal(rehearsal_id: int, *, organization: Organization) -> None:
    """Work a rehearsal from its beginning, and keep its result. Call it outside of a transaction."""
    with organization_scope(organization):
        rows = Rehearsal.objects.filter(pk=rehearsal_id)
        rehearsal = rows.filter(finished_at=None).select_related("program").first()
        if rehearsal is None:
            return

        def progress(done: int, total: int) -> None:
            rows.update(done=done, total=total)

        comparison = rehearse(
            rehearsal.program, rehearsal.draft, days=rehearsal.days, organization=organization, progress=progress
        )
        rows.update(finished_at=clock.now(), result=result_of(comparison, currency=organization.currency))


def pick_up_rehearsals() -> int:
    """Defer a job for each unfinished rehearsal that has lost its own; return how many."""
    arguments: dict[str, Arguments] = {}
    for organization in Organization.objects.order_by("pk"):
        with organization_scope(organization):
            pks = Rehearsal.objects.filter(finished_at=None).values_list("pk", flat=True)
            arguments |= {_job_lock(pk): _arguments(organization, pk) for pk in pks}
    return defer_missing_jobs(TASK, arguments, queue=IMPORTS)


def prune_rehearsals() -> int:
    """Remove the scope's rehearsals that are older than 30 days; return how many."""
    count, _ = Rehearsal.objects.filter(requested_at__lt=clock.now() - KEPT).delete()
    return count


def _job_lock(rehearsal_id: int) -> str:
    return f"rehearsal {rehearsal_id}"


def _arguments(organization: Organization, rehearsal_id: int) -> Arguments:
    return {"organization": organization.code, "rehearsal": rehearsal_id}
