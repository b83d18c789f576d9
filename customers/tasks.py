"""Periodic tasks of customers."""

import structlog
from procrastinate.contrib.django import app

from customers.field_terms.services import align_fields
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope

log = structlog.get_logger(__name__)


@app.periodic(cron="*/5 * * * *")
@app.task(name="align_searchable_fields")
def align_searchable_fields(timestamp: int) -> None:  # noqa: ARG001 - periodic tasks get their due time
    """Index fields that became searchable, and remove the index of fields that are no longer searchable."""
    for organization in Organization.objects.order_by("code"):
        with organization_scope(organization):
            for line in align_fields(organization):
                log.info("searchable_field_aligned", organization=organization.code, what=line)
