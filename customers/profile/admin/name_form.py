"""The form that corrects the name of a customer, and nothing else."""

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.profile.models import Customer
from customers.profile.text import NAME_LENGTH
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from organizations.audit.actors import Actor
from organizations.back_office.forms import LineField, WholeNumberField
from organizations.back_office.once import OnceForm
from organizations.back_office.refusals import notice_sentence
from use_cases.corrections import CONSTRAINTS, ValuesRefusedError, correct_customer

_NAMES: Final = ("firstname", "lastname")


class NameForm(OnceForm):
    """First and last name of the customer. `version` is the one that the form showed: a change in between is refused."""

    action = "correct name"
    previews = False
    constraints = CONSTRAINTS

    firstname = LineField(
        label="First name",
        required=False,
        max_length=NAME_LENGTH,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
    )
    lastname = LineField(label="Last name", required=False, max_length=NAME_LENGTH, widget=UnfoldAdminTextInputWidget())
    version = WholeNumberField(widget=forms.HiddenInput, min_value=0)

    field_order = _NAMES

    def __init__(self, *args: Any, customer: Customer, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, subject=customer.pk, by=by, **kwargs)
        self.customer = customer
        stored = {"firstname": customer.firstname, "lastname": customer.lastname, "version": customer.version}
        self.initial = {**self.initial, **stored}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in _NAMES:
            if name in cleaned and not cleaned[name] and getattr(self.customer, name):
                self.add_error(name, gettext("A stored value can be replaced, but not removed."))
        return cleaned

    def asks_first(self) -> bool:
        return False

    def do(self) -> str:
        item = {"id": str(self.customer.pk), **{name: self.cleaned_data[name] for name in _NAMES if self.cleaned_data[name]}}
        context = load_input_context([item], by=self.by)
        customer_input = read_customer_input(item, context, action="update")
        customer_input.seen_version = self.cleaned_data["version"]
        correct_customer(self.customer, customer_input, context=context, by=self.by)
        return gettext("the name was corrected.")

    def attempt(self, work: Callable[[], None]) -> bool:
        """As every form does; a warning of a till is an error at its field here."""
        try:
            return super().attempt(work)
        except ValuesRefusedError as refusal:
            for notice in refusal.notices:
                self.add_error(notice.key if notice.key in self.fields else None, notice_sentence(notice))
            return False
