"""Locations of an organization. Zones and concepts group stores; a store has tills, and a till calls the API."""

from django.core.validators import RegexValidator
from django.db import models

from organizations.tenancy.scoping import TenantModel


class Location(TenantModel):
    """Common columns of zones, concepts and stores: a code, a name, a switch."""

    code = models.CharField(max_length=100, db_collation="C")
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Zone(Location):
    """A region of stores."""

    class Meta(Location.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="zone_code_unique")]


class Concept(Location):
    """A line of business, for example a brand of stores."""

    class Meta(Location.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="concept_code_unique")]


class Store(Location):
    """A shop, or a web shop."""

    external_id = models.CharField(
        max_length=100, blank=True, db_collation="C", help_text="Its id in the retailer's own system"
    )
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, null=True, blank=True, related_name="stores")
    concept = models.ForeignKey(Concept, on_delete=models.PROTECT, null=True, blank=True, related_name="stores")

    class Meta(Location.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "code"], name="store_code_unique")]


class Till(TenantModel):
    """A point of sale: the account that calls the API. Its code is the Basic user name, unique in the installation."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="tills")
    code = models.CharField(
        max_length=50,
        unique=True,
        db_collation="C",
        validators=[
            RegexValidator(r"^[a-z][a-z0-9._-]*\Z", "A lower-case letter, then letters, digits, dot, underscore, hyphen")
        ],
    )
    name = models.CharField(max_length=200)
    password_hash = models.CharField(
        max_length=200, blank=True, editable=False, help_text="Argon2id of the lower-case MD5 hex digest; blank: cannot log in"
    )
    password_hash_sha256 = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Argon2id of the lower-case SHA-256 hex digest; blank: the password was set before such digests were kept",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code
