"""Pages about a person's data: erase it, export it, and the certificates of erasures."""

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from customers.back_office import CustomerRowsAdmin
from customers.erasure.models import Erasure
from customers.erasure.services import digest_of
from customers.erasure.values import REMOVE_PERMISSION, RemovalRefusedError, StoredValue, removable_values, remove_value
from customers.profile.models import Customer
from organizations.audit.actors import Actor
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.columns import actor_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import DayRangeFilter
from organizations.back_office.forms import ActionForm, LineField, ReasonField
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.back_office.tables import number, table
from use_cases.erasure import ERASE_PERMISSION, EXPORT_PERMISSION, ErasureRefusedError, erase_customer, export_customer


class EraseForm(ActionForm):
    """The basis of an erasure, and the customer's id typed again."""

    refusals = (ErasureRefusedError,)

    basis = ReasonField(help_text="Why, without personal data: such as the number of the person's request. Kept for good.")
    repeated_id = LineField(
        label="Customer id",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Type the customer's id again. What is erased cannot be brought back.",
    )

    certificate: Erasure

    def __init__(self, *args: Any, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.by = customer, by

    def clean_repeated_id(self) -> str:
        """The id, if it is the customer's."""
        given: str = self.cleaned_data["repeated_id"]
        if given != str(self.customer.pk):
            raise forms.ValidationError(gettext("This page is about customer %(customer)s.") % {"customer": self.customer.pk})
        return given

    def act(self) -> None:
        self.certificate = erase_customer(self.customer.pk, basis=self.cleaned_data["basis"], by=self.by)


class RemoveForm(ActionForm):
    """The stored value to remove, and the reason."""

    refusals = (RemovalRefusedError,)

    key = forms.ChoiceField(label="Value", widget=UnfoldAdminRadioSelectWidget)
    reason = ReasonField(help_text="Kept in the history, which does not keep the value.")

    removed: StoredValue

    def __init__(self, *args: Any, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.by = customer, by
        keys: Any = self.fields["key"]
        keys.choices = [(value.key, f"{value.name}: {value.text}") for value in removable_values(customer)]

    @transaction.atomic
    def act(self) -> None:
        typed = self.cleaned_data
        self.removed = remove_value(self.customer.pk, typed["key"], reason=typed["reason"], by=self.by)


class ErasureActions(BackOfficeAdmin):
    """The pages *Remove a value*, *Export data* and *Erase* of a customer."""

    actions_detail: Sequence[str] = ("remove_value", "export_person", "erase")

    has_remove_permission = permission_check(REMOVE_PERMISSION)

    has_export_permission = permission_check(EXPORT_PERMISSION)

    has_erase_permission = permission_check(ERASE_PERMISSION)

    @row_page("Remove a value", address="remove", icon="backspace", permission="remove")
    def remove_value(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that removes a single stored value of a customer."""
        form = RemoveForm(request.POST or None, customer=customer, by=actor_of(request, self.organization_behind(customer)))
        if form.run():
            messages.success(request, gettext("%(removed)s was removed.") % {"removed": form.removed.name})
            return HttpResponseRedirect(page_of(customer))
        return self.answer_page(
            request,
            "back_office/action.html",
            title=gettext("Remove a value: %(customer)s") % {"customer": customer},
            intro=gettext("A value that is wrong, or must not be kept. To replace one, edit the customer."),
            original=customer,
            form=form,
            submit=gettext("Remove"),
        )

    @row_page("Export data", address="export", icon="download", permission="export")
    def export_person(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """Everything about the person on one page, or with `?format=json` as a file."""
        try:
            export = export_customer(customer.pk, by=actor_of(request, self.organization_behind(customer)))
        except ErasureRefusedError as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(page_of(customer))
        if request.GET.get("format") == "json":
            answer = HttpResponse(json.dumps(export, indent=2, ensure_ascii=False), content_type="application/json")
            answer["Content-Disposition"] = f'attachment; filename="customer-{customer.pk}.json"'
            return answer
        return self.answer_page(
            request,
            "back_office/export_person.html",
            title=gettext("All data about %(customer)s") % {"customer": customer},
            original=customer,
            export=export,
        )

    @row_page("Erase", address="erase", icon="person_remove", permission="erase")
    def erase(self, request: HttpRequest, customer: Customer) -> HttpResponse:
        """The page that erases the personal data of a customer, and leads to the certificate."""
        if not customer.is_current:
            messages.warning(request, gettext("This customer is merged into another one, or erased already."))
            return HttpResponseRedirect(page_of(customer))
        form = EraseForm(request.POST or None, customer=customer, by=actor_of(request, self.organization_behind(customer)))
        if form.run():
            messages.success(
                request, gettext("The personal data of customer %(customer)s was erased.") % {"customer": customer.pk}
            )
            return HttpResponseRedirect(page_of(form.certificate))
        return self.answer_page(
            request,
            "back_office/erase_customer.html",
            title=gettext("Erase: %(customer)s") % {"customer": customer},
            original=customer,
            form=form,
            submit=gettext("Erase for good"),
            button="danger",
        )


@admin.register(Erasure)
class ErasureAdmin(CustomerRowsAdmin):
    """Certificates of erasures, the newest first."""

    has_history = False
    fields = ()
    related = ("customer",)
    list_display = ("customer_name", "erased_at", "actor_name", "basis")
    list_display_links = ("customer_name",)
    list_filter = (("erased_at", DayRangeFilter),)
    search_help_text = "Customer: id"
    change_form_outer_before_template = "back_office/erasure.html"  # type: ignore[assignment]  # see the base class

    actor_name = actor_column("actor")

    @admin.display(description="Customer")
    def customer_name(self, erasure: Erasure) -> str:
        """The erased customer, who has an id and no name."""
        return str(erasure.customer)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        erasure: Erasure = context["original"]
        context.update(
            erasure=erasure,
            erased_by=actor_label(erasure.actor),
            is_genuine=digest_of(erasure) == erasure.digest,
            places=table(
                "Emptied", ("Where", number("Rows")), [(place["place"], str(place["rows"])) for place in erasure.places]
            ),
        )
        return super().render_change_form(request, context, *args, **kwargs)
