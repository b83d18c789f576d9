"""Calls made with an Idempotency-Key, read-only. Their answers are personal data and not shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.columns import actor_column, value_column
from organizations.back_office.filters import DayRangeFilter, TextFilter
from organizations.idempotency.models import IdempotencyKey, KeptAnswer


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    """Keys of the last days. The API writes them, a command prunes them."""

    has_history = False

    fields = ("key", "caller", "action", "first_used_at", "last_used_at", "answers")
    list_display = ("key", "caller", "action", "first_used_at", "last_used_at", "answers")
    list_filter = (("credential", TextFilter), ("action", TextFilter), ("first_used_at", DayRangeFilter))
    search_fields = ("key__exact",)
    search_help_text = "Whole key"
    ordering = ("-pk",)

    caller = actor_column("credential")
    answers = value_column("answered", "Items answered")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        answers = KeptAnswer.objects.filter(key=OuterRef("pk")).order_by().values("key").annotate(count=Count("pk"))
        keys = super().get_queryset(request)
        counted: QuerySet[Any] = keys.annotate(answered=Coalesce(Subquery(answers.values("count")), 0))
        return counted
