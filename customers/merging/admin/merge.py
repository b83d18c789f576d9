"""Which customers were merged? The list, what each merge moved, and the way to undo one."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from customers.lookup.reads import read_customers
from customers.merging.models import Merge
from customers.search.admin import matching_customers
from organizations.audit.actors import Actor
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.filters import DayRangeFilter, StoreFilter
from organizations.back_office.forms import ReasonField
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_action, page_of
from organizations.back_office.refusals import refusal_of, sentence_of
from use_cases.merging import CONSTRAINTS, MergeRefusedError, undo_merge, what_moved


class UndoForm(forms.Form):
    """Why a merge was wrong. `save` undoes it, or says why not."""

    reason = ReasonField(help_text="Stands with the merge and in the history for good.")

    def save(self, merge: Merge, *, by: Actor) -> bool:
        """Undo it; False where that is refused, which is told above the form."""
        try:
            undo_merge(merge, reason=self.cleaned_data["reason"], by=by)
        except MergeRefusedError as refusal:
            self.add_error(None, str(refusal))
        except Error as error:
            self.add_error(None, sentence_of(refusal_of(error, CONSTRAINTS)))
        return self.is_valid()


class StandingFilter(DropdownFilter):
    """Merges that stand, or those that were undone."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("standing", "stands"), ("undone", "undone")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        if self.value() not in {"standing", "undone"}:
            return queryset
        return queryset.filter(undone_at__isnull=self.value() == "standing")


class SurvivorStoreFilter(StoreFilter):
    """By the store where the survivor registered."""

    parameter_name = "registered_store"
    path = "survivor__registered_store"


@admin.register(Merge)
class MergeAdmin(ReadOnlyAdmin):
    """Merges, the newest first. Nothing of one is edited: it is undone, on a page of its own."""

    store_path = "survivor__registered_store"
    related: ClassVar[Sequence[str]] = ("survivor", "victim")
    paginator = InfinitePaginator
    show_full_result_count = False
    fields = ()
    list_display = ("told_victim", "told_survivor", "merged_at", "who", "reason", "state")
    list_display_links = ("told_victim",)
    list_filter = (StandingFilter, SurvivorStoreFilter, ("merged_at", DayRangeFilter))
    search_fields = ("survivor",)
    search_help_text = "Either customer: mobile, e-mail, id, card or name"
    actions_detail: Sequence[str] = ("undo",)  # type: ignore[assignment]  # see the base class
    change_form_outer_before_template = "back_office/merged.html"  # type: ignore[assignment]  # see the base class

    def has_undo_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether whoever is logged in may undo this merge, which stands."""
        if not member_of(request).has_perm("customers.merge_customers"):
            return False
        merge = None if object_id is None else self.get_object(request, str(getattr(object_id, "pk", object_id)))
        return merge is None or merge.undone_at is None

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        """By either customer, as in the list of customers."""
        if not search_term.strip():
            return queryset, False
        customers = matching_customers(request, search_term)
        return queryset.filter(Q(survivor__in=customers) | Q(victim__in=customers)), False

    @display(description="Was", header=True)
    def told_victim(self, merge: Merge) -> list[str]:
        """Who was merged."""
        return [str(merge.victim), f"customer {merge.victim_id}"]

    @display(description="Is now", header=True)
    def told_survivor(self, merge: Merge) -> list[str]:
        """Into whom."""
        return [str(merge.survivor), f"customer {merge.survivor_id}"]

    @display(description="By")
    def who(self, merge: Merge) -> str:
        """Who merged them."""
        return actor_label(merge.actor)

    @display(description="State", label={"stands": "success", "undone": "warning"})
    def state(self, merge: Merge) -> str:
        """Whether the merge stands."""
        return "stands" if merge.undone_at is None else "undone"

    # --- the page of one

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(_about(context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    @page_action("Undo", address="undo", icon="undo", permission="undo")
    def undo(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page on which a merge is undone."""
        merge = self.get_object(request, unquote(object_id))
        if merge is None:
            return self.answer_unknown(request, object_id)
        if not self.has_undo_permission(request, merge):
            raise PermissionDenied
        organization = self.organization_behind(merge)
        with work_for(request, organization):
            form = UndoForm(request.POST or None)
            if request.method == "POST" and form.is_valid() and form.save(merge, by=actor_of(request, organization)):
                messages.success(request, f"{merge.victim} and {merge.survivor} are two customers again.")
                return HttpResponseRedirect(page_of(merge.victim))
            return self.answer_page(
                request,
                "back_office/undo_merge.html",
                title="Undo a merge",
                original=merge,
                back=page_of(merge),
                form=form,
                **_about(merge),
            )


def _about(merge: Merge) -> dict[str, Any]:
    """Both sides as they are now, and what moved."""
    people = read_customers([merge.survivor_id, merge.victim_id])
    return {
        "merge": merge,
        "survivor": people[merge.survivor_id],
        "victim": people[merge.victim_id],
        "who": actor_label(merge.actor),
        "undone_by": actor_label(merge.undone_by),
        "moved": what_moved(merge),
    }
