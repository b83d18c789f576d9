"""API clients, failed attempts for credentials, and rate limits."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from organizations.locations.models import Till
from organizations.tenancy.scoping import TenantModel


class ApiClient(TenantModel):
    """An OAuth client: a key and a secret, exchanged for short-lived tokens (docs/protocol.md 1.8)."""

    key = models.CharField(max_length=100, unique=True, db_collation="C")
    secret_hash = models.CharField(max_length=200, blank=True, editable=False, help_text="Argon2id; blank: cannot get tokens")
    till = models.ForeignKey(
        Till, on_delete=models.PROTECT, related_name="api_clients", help_text="Used when a call names no till"
    )
    token_ttl = models.PositiveIntegerField(
        default=300, validators=[MinValueValidator(60), MaxValueValidator(86_400)], help_text="Seconds a token lives"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key


class CredentialFailure(models.Model):
    """Failed attempts for one credential name from one address, and when the credential was last right from there.

    Not a tenant row: it is written before the organization is known. Names that do not exist share one row for each address.
    """

    name = models.CharField(max_length=100, db_collation="C")
    address = models.GenericIPAddressField()
    failures = models.PositiveIntegerField(default=0)
    last_failure = models.DateTimeField()
    last_success = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "address"], name="credential_failure_unique")]
        indexes = [models.Index(fields=["last_failure"], name="credential_failure_age")]

    def __str__(self) -> str:
        return f"{self.name} from {self.address}: {self.failures}"


class RateLease(models.Model):
    """Permits of one caller's minute that processes have taken. Not a tenant row: it is read before the scope is known."""

    caller = models.CharField(max_length=120, db_collation="C", help_text="till:CODE or client:KEY")
    minute = models.BigIntegerField(help_text="Minutes since 1970")
    leased = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller"], name="rate_lease_unique")]

    def __str__(self) -> str:
        return f"{self.caller}: {self.leased}"
