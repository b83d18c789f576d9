"""Dump of an organization as a document, in the order of the file.

Everything that was ever loaded is in it, what is switched off with `active: false`; secrets are not. Loading it changes
nothing.
"""

from collections.abc import Sequence
from typing import Any

from organizations.organization_file.sections import Section, document_schema
from organizations.organization_file.writing import write_document
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


def dump_organization(organization: Organization, *, sections: Sequence[Section]) -> str:
    """The organization file of `organization` as YAML text."""
    return write_document(organization_document(organization, sections=sections))


def organization_document(organization: Organization, *, sections: Sequence[Section]) -> dict[str, Any]:
    """The same as values: dict, list, str, bool, int, Decimal and date. Defaults are left out."""
    with organization_scope(organization):
        document = {section.name: section.dump(organization) for section in sections}
    shown: dict[str, Any] = document_schema(sections).show(document)
    return shown
