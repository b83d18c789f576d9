"""Merges: the list, what each merge moved, and the page that undoes one."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from unfold.decorators import display

from customers.back_office import CustomerRowsAdmin
from customers.lookup.reads import read_customers
from customers.merging.models import Merge
from customers.profile.models import Customer
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.back_office.columns import actor_column, is_in_sight, name_of, state_display
from organizations.back_office.current_user import actor_of, member_of
from organizations.back_office.filters import DayRangeFilter, NamedFilter, StoreFilter
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of, row_page
from use_cases.merging import CONSTRAINTS, MERGE_PERMISSION, MergeRefusedError, undo_merge, what_moved


class UndoForm(ActionForm):
    """The reason for undoing a merge."""

    refusals = (MergeRefusedError,)
    constraints = CONSTRAINTS

    reason = ReasonField(help_text="Kept with the merge and in the history.")

    def __init__(self, *args: Any, merge: Merge, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.merge, self.by = merge, by

    def act(self) -> None:
        undo_merge(self.merge, reason=self.cleaned_data["reason"], by=self.by)


class StateFilter(NamedFilter):
    """Active or undone merges."""

    title = parameter_name = "state"
    options = {
        "active": ("active", lambda rows: rows.filter(undone_at=None)),
        "undone": ("undone", lambda rows: rows.exclude(undone_at=None)),
    }


class SurvivorStoreFilter(StoreFilter):
    """By the store where the survivor registered."""

    parameter_name = "registered_store"
    path = "survivor__registered_store"


@admin.register(Merge)
class MergeAdmin(CustomerRowsAdmin):
    """Merges, the newest first. Nothing is edited: a merge is undone on a page of its own."""

    customer_paths = ("survivor", "victim")
    store_path = "survivor__registered_store"
    related: ClassVar[Sequence[str]] = ("survivor", "victim")
    fields = ()
    list_display = ("victim_name", "survivor_name", "merged_at", "actor_name", "reason", "state_label")
    phone_lines = (("victim_name", "state_label"), ("survivor_name", "actor_name", "merged_at"))
    list_display_links = ("victim_name",)
    list_filter = (StateFilter, SurvivorStoreFilter, ("merged_at", DayRangeFilter))
    search_help_text = "Either customer: mobile, e-mail, id, card or name"
    actions_detail: Sequence[str] = ("undo",)  # type: ignore[assignment]  # see the base class
    change_form_outer_before_template = "back_office/merged.html"  # type: ignore[assignment]  # see the base class

    actor_name = actor_column("actor")

    def has_undo_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """True if the current user may undo merges, sees both customers, and the merge is active. `obj` is a merge or an id."""
        if not member_of(request).has_perm(MERGE_PERMISSION):
            return False
        merge = None if obj is None else self.get_object(request, str(getattr(obj, "pk", obj)))
        return merge is None or (merge.undone_at is None and is_in_sight(merge.survivor) and is_in_sight(merge.victim))

    @display(description="Merged customer", header=True)
    def victim_name(self, merge: Merge) -> list[str]:
        """The customer who was merged."""
        return _name_and_id(merge.victim)

    @display(description="Into", header=True)
    def survivor_name(self, merge: Merge) -> list[str]:
        """The customer who remains."""
        return _name_and_id(merge.survivor)

    @state_display("State", {"active": "success", "undone": "warning"})
    def state_label(self, merge: Merge) -> str:
        """Active or undone."""
        return "active" if merge.undone_at is None else "undone"

    def history_of(self, row: Merge) -> QuerySet[AuditEntry]:
        """The audit entries of the merge and of undoing it, which are about its customers."""
        about = AuditEntry.objects.filter(object_type="customer", object_id=row.survivor_id, new__merge=row.pk)
        return about.order_by("-id")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        context.update(_merge_context(context["original"]))
        return super().render_change_form(request, context, *args, **kwargs)

    @row_page("Undo merge", address="undo", icon="undo", permission="undo", opens_dialog=True)
    def undo(self, request: HttpRequest, merge: Merge) -> HttpResponse:
        """The page that undoes a merge."""
        form = UndoForm(request.POST or None, merge=merge, by=actor_of(request, self.organization_behind(merge)))
        if form.run():
            messages.success(
                request,
                gettext("The merge was undone: %(victim)s and %(survivor)s are two customers again.")
                % {"victim": merge.victim, "survivor": merge.survivor},
            )
            return HttpResponseRedirect(page_of(merge.victim))
        context = {"form": form, "submit": gettext("Undo merge"), **_merge_context(merge)}
        return self.answer_page(
            request, "back_office/undo_merge.html", title=gettext("Undo a merge"), original=merge, **context
        )


def _name_and_id(customer: Customer) -> list[str]:
    name = name_of(customer)
    return (
        [name, gettext("customer %(customer)s") % {"customer": customer.pk}]
        if is_in_sight(customer)
        else [name[:1].upper() + name[1:]]
    )


def _merge_context(merge: Merge) -> dict[str, Any]:
    """Both customers as they are now, None for one out of sight, and what moved."""
    people = read_customers([customer.pk for customer in (merge.survivor, merge.victim) if is_in_sight(customer)])
    return {
        "merge": merge,
        "survivor": people.get(merge.survivor_id),
        "victim": people.get(merge.victim_id),
        "merged_by": actor_label(merge.actor),
        "undone_by": actor_label(merge.undone_by),
        "moved": what_moved(merge),
    }
