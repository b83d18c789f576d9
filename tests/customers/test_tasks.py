"""Periodic tasks of customers."""

from structlog.testing import capture_logs

from customers.tasks import align_searchable_fields
from organizations.tenancy.scoping import no_scope, organization_scope
from tests.factories.fields import FieldFactory
from tests.jobs import committed_till


def test_fields_of_every_organization_are_aligned_and_reported(transactional_db: None) -> None:
    for code in ("northwind", "bazaar"):
        organization = committed_till(code).organization
        with organization_scope(organization):
            FieldFactory(organization=organization, name="town", is_searchable=True)
    with no_scope(), capture_logs() as logs:
        align_searchable_fields(timestamp=0)
        align_searchable_fields(timestamp=0)
    assert [(log["organization"], log["what"]) for log in logs] == [
        ("bazaar", "custom field town: indexed"),
        ("northwind", "custom field town: indexed"),
    ]
