"""Notes about customers, and the page on which staff add one."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.profile.models import Customer
from engagement.back_office import LoyaltyRowsAdmin
from engagement.notes.models import Note
from engagement.notes.rules import LONGEST, SentNote
from engagement.notes.services import keep_notes
from organizations.audit.actors import Actor
from organizations.back_office.columns import actor_column, personal_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import DayRangeFilter
from organizations.back_office.forms import ActionForm, LineField
from organizations.back_office.pages import page_of


class NoteForm(ActionForm):
    """A note about a customer."""

    description = LineField(label="Note", max_length=LONGEST, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.by = customer, by

    @transaction.atomic
    def act(self) -> None:
        text = self.cleaned_data["description"]
        note = SentNote(number="", description=text, date="", noted_at=None, is_sound=True)
        keep_notes(self.customer.pk, [note], by=self.by)


@admin.register(Note)
class NoteAdmin(LoyaltyRowsAdmin):
    """Notes of tills, imports and staff. A page of its own adds one to a customer."""

    newest = "noted_at"
    related = ("customer",)
    fields = ("noted_at", "customer_link", "text", "associate_id", "made_by_label", "recorded_at")
    list_display = ("noted_at", "customer_link", "text", "associate_id", "made_by_label")
    phone_lines = (("text",), ("customer_link", "made_by_label", "noted_at"))
    list_display_links = ("noted_at",)
    list_filter = (("noted_at", DayRangeFilter),)

    made_by_label = actor_column("made_by")
    text = personal_column("description", "Note")

    def get_urls(self) -> list[URLPattern]:
        page = path("<int:customer_id>/write/", self.admin_site.admin_view(self.write_view), name="engagement_note_write")
        return [page, *super().get_urls()]

    def write_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """The page that adds a note to a customer."""
        customers: Any = self.admin_site.get_model_admin(Customer)
        customer: Customer | None = customers.get_object(request, str(customer_id))
        if customer is None:
            unknown: HttpResponse = customers.answer_unknown(request, str(customer_id))
            return unknown
        with customers.row_scope(request, customer, "engagement.add_note"):
            by = actor_of(request, self.organization_behind(customer))
            form = NoteForm(request.POST or None, customer=customer, by=by)
            if form.run():
                messages.success(request, gettext("The note about %(customer)s is saved.") % {"customer": customer})
                return HttpResponseRedirect(page_of(customer))
            page: HttpResponse = customers.answer_page(
                request,
                "back_office/action.html",
                title=gettext("Add note: %(customer)s") % {"customer": customer},
                original=customer,
                form=form,
                submit=gettext("Save"),
                intro=gettext("Everyone who may see the customer can read it, tills included."),
            )
            return page
