"""Rows of organizations, by noun. Django finds the models here."""

from organizations.audit.models import AuditEntry
from organizations.card_series.models import CardSeries, Counter
from organizations.credentials.models import ApiClient, CredentialFailure, RateLease
from organizations.fields.models import FieldDefinition
from organizations.idempotency.models import IdempotencyKey, KeptAnswer
from organizations.imports.models import ColumnMemory, CreatedRecord, ImportRun, RejectedRow, UploadedFile
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

__all__ = [
    "ApiClient",
    "AuditEntry",
    "CardSeries",
    "ColumnMemory",
    "Concept",
    "Counter",
    "CreatedRecord",
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
    "UploadedFile",
    "Zone",
]
