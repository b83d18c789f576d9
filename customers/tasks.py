"""Which tasks do workers find here? Those that keep searches quick."""

import structlog
from procrastinate.contrib.django import app

from customers.field_terms.services import align_fields
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

log = structlog.get_logger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="align_searchable_fields")
def align_searchable_fields(timestamp: int) -> None:  # noqa: ARG001 - when it was due, as every periodic task is told
    """Fields that became searchable get their index, those that are no longer lose it."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            for line in align_fields(organization):
                log.info("searchable_field_aligned", organization=organization.code, what=line)
