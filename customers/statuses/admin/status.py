"""Which statuses do customers have, and what does each forbid?"""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.statuses.organization_file import CUSTOMER_STATUS
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.counting import BoundedCount, count_label
from organizations.back_office.forms import ConfigurationForm

Block = CustomerStatus.Block


class CustomerStatusForm(ConfigurationForm):
    """What is forbidden is ticked."""

    section = CUSTOMER_STATUS
    natural_key = ("status", "label")

    blocks = forms.MultipleChoiceField(
        choices=Block.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the label forbids",
    )


@admin.register(CustomerStatus)
class CustomerStatusAdmin(BackOfficeAdmin):
    """Labels of the lifecycle; staff give them on a customer's page."""

    form = CustomerStatusForm
    fields = ("status", "label", "blocks", "is_active")
    natural_key = ("status", "label")
    list_display = ("label", "told_status", "told_blocks", "customers", "active")
    list_filter = (("status", ChoicesDropdownFilter), ("is_active", BooleanRadioFilter))
    search_fields = ("label",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Named beside the scope, which operators have none of: the index begins with the organization.
        given = Customer.objects.filter(organization=OuterRef("organization"), status_label=OuterRef("pk"), merged_into=None)
        statuses: QuerySet[Any] = super().get_queryset(request).annotate(customer_count=BoundedCount(given))
        return statuses

    @display(description="Status", ordering="status")
    def told_status(self, status: CustomerStatus) -> str:
        """The status in words."""
        return status.get_status_display()

    @display(description="Forbids")
    def told_blocks(self, status: CustomerStatus) -> str:
        """What it forbids, in words."""
        return ", ".join(told_blocks(status)) or "nothing"

    @display(description="Customers")
    def customers(self, status: Any) -> str:
        """How many customers have it."""
        return count_label(status.customer_count)


def told_blocks(status: CustomerStatus) -> list[str]:
    """What a label forbids, in words."""
    return [Block(one).label for one in status.blocks]
