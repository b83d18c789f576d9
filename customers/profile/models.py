"""Rows of customers."""

from typing import Any, Final

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from customers.profile.text import FOLDED_LENGTH
from loyalty_project.db.columns import reversed_field
from organizations.locations.models import Store, Till
from organizations.staff.sight import shown_name
from organizations.tenancy.scoping import TenantModel


def _searched(column: str, *, name: str) -> models.Index:
    """An index that finds, counts and orders unmerged customers without reading their rows."""
    return models.Index(fields=["organization", column, "id"], include=["merged_into"], name=name)


def _unusual(column: str, *, usual: str, name: str) -> models.Index:
    """An index of the customers, the newest first, whose `column` is not the `usual` value, which most customers have."""
    return models.Index(fields=["organization", column, "-id"], condition=~models.Q(**{column: usual}), name=name)


# Customers that are current (`Customer.is_current`).
CURRENT: Final = models.Q(merged_into=None, erased_at=None)


class Customer(TenantModel):
    """A person known to one organization, enrolled or not.

    `Identifier` has the identifiers, `field_values` the answers to the organization's fields.
    """

    class Type(models.TextChoices):
        LOYALTY = "LOYALTY", "loyalty"
        NON_LOYALTY = "NON_LOYALTY", "non-loyalty"
        NOT_INTERESTED = "NOT_INTERESTED", "not interested"

    class FraudStatus(models.TextChoices):
        NONE = "NONE", "none"
        NOT_FRAUD = "NOT_FRAUD", "not fraud"
        MARKED = "MARKED", "marked"
        CONFIRMED = "CONFIRMED", "confirmed"
        RECONFIRMED = "RECONFIRMED", "reconfirmed"
        INTERNAL = "INTERNAL", "internal"

    class NdncStatus(models.TextChoices):
        NONE = "NONE", "none"
        NDNC = "NDNC", "NDNC"
        DND = "DND", "DND"
        INVALID = "INVALID", "invalid"
        UNKNOWN = "UNKNOWN", "unknown"

    class TestControl(models.TextChoices):
        TEST = "TEST", "test"
        CONTROL = "CONTROL", "control"
        INVALID = "INVALID", "invalid"

    type = models.CharField(max_length=14, choices=Type, default=Type.LOYALTY)
    source = models.CharField(max_length=20, default="INSTORE", help_text="Where the customer came from")
    firstname = models.CharField("first name", max_length=100, blank=True)
    lastname = models.CharField("last name", max_length=100, blank=True)
    registered_on = models.DateTimeField()
    updated_on = models.DateTimeField()
    registered_till = models.ForeignKey(
        Till, on_delete=models.PROTECT, null=True, blank=True, related_name="registered_customers"
    )
    registered_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="registered_customers"
    )
    associated_till = models.ForeignKey(
        Till, on_delete=models.PROTECT, null=True, blank=True, related_name="associated_customers"
    )
    preferred_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, blank=True, related_name="preferring_customers"
    )
    fraud_status = models.CharField(max_length=12, choices=FraudStatus, default=FraudStatus.NONE)
    fraud_marked_by = models.CharField(max_length=120, blank=True)
    fraud_marked_on = models.DateTimeField(null=True, blank=True)
    fraud_reason = models.CharField(max_length=250, blank=True)
    status_label = models.ForeignKey(
        "customers.CustomerStatus", on_delete=models.PROTECT, null=True, blank=True, related_name="customers", db_index=False
    )
    status_changed_by = models.CharField(max_length=120, blank=True)
    status_changed_on = models.DateTimeField(null=True, blank=True)
    status_reason = models.CharField(max_length=250, blank=True)
    ndnc_status = models.CharField("NDNC status", max_length=8, choices=NdncStatus, default=NdncStatus.NONE)
    test_control_status = models.CharField("test or control", max_length=8, choices=TestControl, default=TestControl.TEST)
    field_values = models.JSONField(default=dict, blank=True, help_text="Canonical values by field id")
    comm_channels = models.JSONField("communication channels", default=list, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="victims",
        db_index=False,
        help_text="The customer that this one was merged into: always one that is not merged itself",
    )
    # Columns for searches: `search_form` of the values above, and its reverse, which the database generates.
    firstname_folded = models.CharField(max_length=FOLDED_LENGTH, blank=True, db_collation="C", editable=False)
    lastname_folded = models.CharField(max_length=FOLDED_LENGTH, blank=True, db_collation="C", editable=False)
    firstname_reversed = reversed_field("firstname_folded")
    lastname_reversed = reversed_field("lastname_folded")
    field_values_folded = models.JSONField(
        default=dict, blank=True, editable=False, help_text="Lists of folded values by field id"
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the personal data was erased")
    image_url = models.URLField("picture", max_length=500, blank=True)
    version = models.PositiveIntegerField(default=0, help_text="Counts the changes, so that nobody writes over one unseen")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="customer_not_merged_into_oneself", condition=~models.Q(merged_into=models.F("id"))),
            models.CheckConstraint(
                name="customer_type_known",
                condition=models.Q(type__in=["LOYALTY", "NON_LOYALTY", "NOT_INTERESTED"]),
            ),
            models.CheckConstraint(
                name="customer_erased_is_empty",
                condition=models.Q(erased_at=None)
                | models.Q(
                    firstname="",
                    lastname="",
                    field_values={},
                    comm_channels=[],
                    image_url="",
                    fraud_reason="",
                    status_reason="",
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], include=["merged_into"], name="customer_newest"),
            models.Index(fields=["organization", "registered_store", "-id"], name="customer_of_store"),
            models.Index(fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="customer_victims"),
            _searched("firstname_folded", name="customer_firstname"),
            _searched("lastname_folded", name="customer_lastname"),
            _searched("firstname_reversed", name="customer_firstname_reversed"),
            _searched("lastname_reversed", name="customer_lastname_reversed"),
            _searched("registered_on", name="customer_registered_on"),
            GinIndex(fields=["field_values_folded"], opclasses=["jsonb_path_ops"], name="customer_field_values"),
            models.Index(
                fields=["organization", "status_label", "-id"],
                name="customer_of_status_label",
                condition=models.Q(status_label__isnull=False),
            ),
            # Filters of the back office's list by a value that few customers have; the usual ones are left out.
            _unusual("type", usual="LOYALTY", name="customer_of_type"),
            _unusual("source", usual="INSTORE", name="customer_of_source"),
            _unusual("fraud_status", usual="NONE", name="customer_of_fraud_status"),
        ]

    def __str__(self) -> str:
        """The name as the current user of the back office may see it, or the id."""
        name = shown_name(self.firstname, self.lastname, customer_id=self.pk)
        return name or f"{'Erased customer' if self.erased_at else 'Customer'} {self.pk}"

    @property
    def full_name(self) -> str:
        """First and last name as one text, "" without both."""
        return f"{self.firstname} {self.lastname}".strip()

    @property
    def is_current(self) -> bool:
        """True unless merged or erased: something may be done for the customer, and written."""
        return self.merged_into_id is None and self.erased_at is None

    def value_of(self, field_id: int) -> Any:
        """The canonical value of a field, None without one."""
        return self.field_values.get(str(field_id))
