"""Segments with their partitions, and how many customers are in them."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from customers.segments.models import CustomerSegment, Segment, SegmentPartition
from customers.segments.organization_file import SEGMENT
from customers.segments.partitions import set_partitions
from organizations.audit.services import Change, record_changes
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.counting import BoundedCount, count_label
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.forms import ConfigurationForm, LinesField
from organizations.back_office.tables import Table, strong, table


class SegmentForm(ConfigurationForm):
    """A segment; its partitions are typed one per line."""

    section = SEGMENT
    natural_key = ("name",)

    partitions = LinesField(
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text="One per line, in order. Removing a partition switches it off; adding it again brings its customers back.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "partitions" in self.fields and self.instance.pk is not None:
            self.initial["partitions"] = [partition.name for partition in self.instance.partitions.all()]


@admin.register(Segment)
class SegmentAdmin(BackOfficeAdmin):
    """Segments; imports put customers into their partitions."""

    form = SegmentForm
    fields = ("name", "partitions", "is_active")
    natural_key = ("name",)
    list_display = ("name", "partitions", "active")
    list_filter = (("is_active", YesNoFilter),)
    search_fields = ("name",)
    change_form_outer_after_template = "back_office/table_below.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        active = SegmentPartition.objects.filter(is_active=True).order_by("position", "name")
        return super().get_queryset(request).prefetch_related(Prefetch("partitions", queryset=active))

    @display(description="Partitions")
    def partitions(self, segment: Segment) -> str:
        """The active partitions, in order."""
        return ", ".join(partition.name for partition in segment.partitions.all())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        segment = form.instance
        changes = [
            Change(
                action="changed",
                object_type="segment",
                object_id=segment.pk,
                old={"partitions": change.old},
                new={"partitions": change.new},
            )
            for change in set_partitions([(segment, form.cleaned_data["partitions"])])
        ]
        record_changes(changes, by=actor_of(request, segment.organization))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        segment = context.get("original")
        if segment is not None:
            customers = CustomerSegment.objects.filter(organization=segment.organization, partition=OuterRef("pk"))
            partitions = segment.partitions.filter(is_active=True).order_by("position", "name")
            rows = partitions.annotate(customers_count=BoundedCount(customers.unmerged()))
            context["table"] = _partitions_table(rows)
        return super().render_change_form(request, context, *args, **kwargs)


def _partitions_table(partitions: Iterable[Any]) -> Table:
    customers = reverse("admin:customers_customer_changelist")
    rows = [
        (
            partition.name,
            format_html(
                '<a class="bo-link" href="{}?partition={}">{}</a>',
                customers,
                partition.pk,
                count_label(partition.customers_count),
            ),
        )
        for partition in partitions
    ]
    return table("Customers", (strong("Partition"), "Customers"), rows, empty="No partition is active.")
