"""Active customers: those who bought within some days. A filter of the list of customers."""

from typing import Any

from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest

from engagement.bills.models import ANONYMOUS, RETURNS, Bill
from organizations.back_office.filters import DayRangeFilter


class BoughtFilter(DayRangeFilter):
    """Customers with a sale on one of these days. The path of the field leads from the customer to the bills."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "bought"
        # The days are conditions on bills, of which the customer has one.
        self.field_path = "billed_at"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if not any(self.used_parameters.values()):
            return queryset
        sales = Bill.objects.filter(customer=OuterRef("pk"), outlier_status=Bill.Outlier.NORMAL)
        sales = sales.exclude(type__in=RETURNS | ANONYMOUS)
        return queryset.filter(Exists(super().queryset(request, sales)))
