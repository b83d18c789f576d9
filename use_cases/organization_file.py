"""What does a whole organization file set up? The organization's own rows, and what other apps keep of it.

Everything that loads or dumps an organization comes through here, so that no section is forgotten.
"""

from typing import Final

from customers.groups.organization_file import USER_GROUPS
from customers.segments.organization_file import SEGMENTS
from customers.statuses.organization_file import CUSTOMER_STATUSES
from engagement.programs.organization_file import PROGRAMS
from organizations.organization_file import dumping, loading
from organizations.organization_file.checking import Document
from organizations.organization_file.loading import LoadReport
from organizations.organization_file.sections import Section
from organizations.tenancy.models import Organization

# In the order in which their rows come about.
SECTIONS: Final[tuple[Section, ...]] = (SEGMENTS, USER_GROUPS, CUSTOMER_STATUSES, PROGRAMS)


def load_organization(document: Document, *, dry_run: bool = False) -> LoadReport:
    """Bring an organization to what a checked document says, all of it or nothing; `dry_run` takes it back.

    Raises `OrganizationFileError` for what only the database can tell.
    """
    return loading.load_organization(document, sections=SECTIONS, dry_run=dry_run)


def dump_organization(organization: Organization) -> str:
    """The organization's file as YAML text, without secrets; loading it changes nothing."""
    return dumping.dump_organization(organization, sections=SECTIONS)
