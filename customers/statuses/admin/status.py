"""The lifecycle statuses of customers, and what each forbids."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.statuses.organization_file import CUSTOMER_STATUS
from customers.statuses.rules import blocks
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import value_column
from organizations.back_office.counting import BoundedCount, count_label
from organizations.back_office.filters import ChoiceFilter, YesNoFilter
from organizations.back_office.forms import ConfigurationForm
from organizations.policies import Policy

Block = CustomerStatus.Block


class CustomerStatusForm(ConfigurationForm):
    """A lifecycle status; what it forbids is ticked."""

    section = CUSTOMER_STATUS
    natural_key = ("status", "label")

    blocks = forms.MultipleChoiceField(
        choices=Block.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What a customer with this status cannot do",
    )


@admin.register(CustomerStatus)
class CustomerStatusAdmin(BackOfficeAdmin):
    """Lifecycle statuses; staff set them on a customer's page."""

    form = CustomerStatusForm
    fields = ("status", "label", "blocks", "is_active")
    natural_key = ("status", "label")
    list_display = ("label", "status_label", "blocks_text", "customers", "active")
    list_filter = (("status", ChoiceFilter), ("is_active", YesNoFilter))
    search_fields = ("label",)
    sortable_by = ()

    status_label = value_column("get_status_display", "Status", lambda label: label())
    customers = value_column("customer_count", "Customers", count_label)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Operators have no scope, and the index begins with the organization.
        customers = Customer.objects.filter(
            organization=OuterRef("organization"), status_label=OuterRef("pk"), merged_into=None
        )
        statuses: QuerySet[Any] = super().get_queryset(request).annotate(customer_count=BoundedCount(customers))
        return statuses

    @display(description="Forbids")
    def blocks_text(self, status: CustomerStatus) -> str:
        """What it forbids, in words."""
        return ", ".join(block_labels(status)) or "nothing"


def block_labels(status: CustomerStatus) -> list[str]:
    """What a status forbids, in words."""
    return [Block(block).label for block in status.blocks]


def forbidden_labels(customer: Customer, policy: Policy) -> list[str]:
    """What the customer's status label or fraud status forbids, in words."""
    return [block.label for block in Block if blocks(customer, block, policy)]
