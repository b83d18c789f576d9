"""Organizations, the tenants: businesses with their time zone, countries and policy flags."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models

from organizations.policies import Policy
from organizations.tenancy.verification import IdentityVerification


class Organization(models.Model):
    """A business on this installation. Every tenant row refers to one."""

    code = models.CharField(
        max_length=40,
        unique=True,
        db_collation="C",
        validators=[RegexValidator(r"^[a-z0-9-]{2,40}\Z", "2 to 40 of a-z, 0-9 and hyphen")],
    )
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name; decides what a day is")
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217")
    base_country = models.CharField(
        max_length=2, blank=True, help_text="ISO 3166-1; national mobile numbers are read as this country's. Blank: none"
    )
    countries = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        help_text="Further countries whose mobile numbers are accepted",
    )
    language = models.CharField(max_length=10, default="en")
    gender_field = models.CharField(max_length=100, blank=True, help_text="The field that answers `gender`")
    flags = models.JSONField(default=dict, blank=True, help_text="Policy flags that differ from their defaults, by name")
    identity_verification = models.JSONField(
        default=dict, blank=True, help_text="What must be known to change an identifier, as in the organization file"
    )
    stored_sections = models.JSONField(
        default=dict, blank=True, help_text="Checked sections of the organization file whose part is not active yet"
    )
    announced_events = ArrayField(
        models.CharField(max_length=50),
        default=list,
        editable=False,
        help_text="Set by the database: the kinds of events that active webhook endpoints listen to",
    )
    configuration_version = models.BigIntegerField(
        db_default=0, editable=False, help_text="Set by the database: a new number with every change of the configuration"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def policy(self) -> Policy:
        """The flags as typed values, defaults filled in (docs/protocol.md 2.3). Read once for as long as they stay equal."""
        kept: tuple[dict[str, Any], Policy] | None = self.__dict__.get("_policy")
        if kept is None or kept[0] != self.flags:
            kept = self.__dict__["_policy"] = (dict(self.flags), Policy.from_flags(self.flags))
        return kept[1]

    @property
    def verification(self) -> IdentityVerification:
        """Requirements for changing an identifier, defaults filled in (docs/protocol.md 4.3)."""
        return IdentityVerification.from_section(self.identity_verification)

    @property
    def zone(self) -> ZoneInfo:
        """The organization's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def supported_countries(self) -> list[str]:
        """Base country first, then the further ones; empty: no country configuration (code 8014)."""
        return list(dict.fromkeys([*([self.base_country] if self.base_country else []), *self.countries]))
