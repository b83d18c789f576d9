"""Which rows describe an organization? Tenants, places, credentials, staff, configuration, imports, calls and the audit."""

from organizations.models.audit import AuditEntry
from organizations.models.configuration import CardSeries, Counter, FieldDefinition, SourceAccount
from organizations.models.credentials import ApiClient, CredentialFailure, RateLease
from organizations.models.idempotency import IdempotencyKey, KeptAnswer
from organizations.models.imports import ImportRun, RejectedRow
from organizations.models.organization import Organization
from organizations.models.places import Concept, Store, Till, Zone
from organizations.models.staff import StaffMember

__all__ = [
    "ApiClient",
    "AuditEntry",
    "CardSeries",
    "Concept",
    "Counter",
    "CredentialFailure",
    "FieldDefinition",
    "IdempotencyKey",
    "ImportRun",
    "KeptAnswer",
    "Organization",
    "RateLease",
    "RejectedRow",
    "SourceAccount",
    "StaffMember",
    "Store",
    "Till",
    "Zone",
]
