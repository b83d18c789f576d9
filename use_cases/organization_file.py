"""The organization file as a whole: every noun's section, checked, loaded and dumped together.

Every caller that checks, loads or dumps an organization goes through here, so that no section is forgotten.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from customers.groups.organization_file import USER_GROUPS
from customers.segments.organization_file import SEGMENTS
from customers.statuses.organization_file import CUSTOMER_STATUSES
from engagement.coupons.organization_file import COUPON_SERIES
from engagement.programs.organization_file import PROGRAMS
from loyalty_project.db.locks import lock
from organizations.card_series.organization_file import CARD_SERIES_SECTION
from organizations.credentials.organization_file import API_CLIENTS
from organizations.fields.organization_file import FIELDS
from organizations.locations.organization_file import CONCEPTS, STORES, ZONES
from organizations.organization_file import checking, dumping, loading
from organizations.organization_file.loading import LoadReport
from organizations.organization_file.problems import OrganizationFileError, Problem
from organizations.organization_file.sections import Document, Section
from organizations.source_accounts.organization_file import SOURCE_ACCOUNTS
from organizations.staff.organization_file import STAFF_SECTION
from organizations.tenancy.models import Organization
from organizations.tenancy.organization_file import (
    IDENTITY_VERIFICATION_SECTION,
    ORGANIZATION_SECTION,
    SETTINGS_SECTION,
)
from referrals.campaigns.organization_file import REFERRAL_CAMPAIGNS
from tickets.choices.organization_file import TICKETS
from use_cases.time_zones import follow_time_zone
from use_cases.uniqueness import find_obstacle, follow_settings, hold_settings

# In the order of the file, which is the order in which they are checked, loaded and dumped.
SECTIONS: Final[tuple[Section, ...]] = (
    ORGANIZATION_SECTION,
    SETTINGS_SECTION,
    IDENTITY_VERIFICATION_SECTION,
    ZONES,
    CONCEPTS,
    STORES,
    API_CLIENTS,
    FIELDS,
    SOURCE_ACCOUNTS,
    CARD_SERIES_SECTION,
    PROGRAMS,
    COUPON_SERIES,
    REFERRAL_CAMPAIGNS,
    TICKETS,
    SEGMENTS,
    USER_GROUPS,
    CUSTOMER_STATUSES,
    STAFF_SECTION,
)


def check_document(content: bytes, *, environment: Mapping[str, str]) -> Document:
    """The document in `content` (YAML 1.2), complete and checked, with secrets from `environment`.

    Raises `OrganizationFileError` with every problem that can be seen without the database.
    """
    return checking.check_document(content, sections=SECTIONS, environment=environment)


def check_values(value: Any, *, environment: Mapping[str, str]) -> Document:
    """The same for values that were read already."""
    return checking.check_values(value, sections=SECTIONS, environment=environment)


def load_organization(document: Document, *, dry_run: bool = False) -> LoadReport:
    """Make an organization equal to a checked document, all of it or nothing; `dry_run` rolls it back.

    Raises `OrganizationFileError` for problems that only the database shows: names of other organizations, and values that
    customers share if the settings make them unique.
    """
    with transaction.atomic():
        known = lock(Organization.objects.filter(code=document["organization"]["code"])).first()
        before = hold_settings(document["organization"]["code"])
        report = loading.load_organization(document, sections=SECTIONS, dry_run=dry_run)
        if before is not None:
            obstacle = find_obstacle(report.organization, before=before, after=document["settings"])
            if obstacle is not None:
                raise OrganizationFileError([Problem(f"settings.{obstacle.path}", obstacle.message)])
            if not dry_run:
                follow_settings(report.organization, before=before)
        if known is not None and not dry_run:
            follow_time_zone(report.organization, before=known.timezone)
    return report


def dump_organization(organization: Organization) -> str:
    """The organization's file as YAML text, without secrets; loading it changes nothing."""
    return dumping.dump_organization(organization, sections=SECTIONS)
