"""Which calls were made under an Idempotency-Key? To look at; what they were answered is people's data and not shown."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.filters import DayRangeFilter
from organizations.back_office.history import actor_label
from organizations.idempotency.models import IdempotencyKey, KeptAnswer


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(BackOfficeAdmin):
    """Keys, of the last days. The API writes them, a command prunes them."""

    # Nobody counts all calls of three days to show fifty.
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ("key", "who", "action", "first_used_at", "last_used_at", "answers")
    list_display = ("key", "who", "action", "first_used_at", "last_used_at", "answers")
    list_filter = (("credential", FieldTextFilter), ("action", FieldTextFilter), ("first_used_at", DayRangeFilter))
    search_fields = ("key__exact",)
    search_help_text = "A key, whole"
    sortable_by = ()
    actions = ()
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        answers = KeptAnswer.objects.filter(key=OuterRef("pk")).order_by().values("key").annotate(count=Count("pk"))
        keys = super().get_queryset(request)
        counted: QuerySet[Any] = keys.annotate(answered=Coalesce(Subquery(answers.values("count")), 0))
        return counted

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    @display(description="By")
    def who(self, key: IdempotencyKey) -> str:
        """The credential in words."""
        return actor_label(key.credential)

    @display(description="Items answered")
    def answers(self, key: Any) -> int:
        """How many items of the call have an answer."""
        answered: int = key.answered
        return answered
