"""How is a customer's status changed at a desk? A form that asks for label and reason and hands them to the service."""

from typing import Any

from django import forms
from django.db import Error
from unfold.widgets import UnfoldAdminSelectWidget

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.statuses.services import set_status
from organizations.audit.actors import Actor
from organizations.back_office.forms import ReasonField
from organizations.back_office.refusals import refusal_of, sentence_of


class StatusForm(forms.Form):
    """The label to give, and why. `save` gives it, or says why not."""

    label = forms.ModelChoiceField(
        queryset=CustomerStatus._base_manager.none(),
        required=False,
        empty_label="none: by the fraud status",
        widget=UnfoldAdminSelectWidget,
    )
    reason = ReasonField(help_text="Stands in the history for good, and is told to tills.")

    is_changed = False

    def __init__(self, *args: Any, customer: Customer, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["label"] = customer.status_label_id
        self.customer = customer
        self.actor = actor
        labels: Any = self.fields["label"]
        labels.queryset = CustomerStatus.objects.filter(is_active=True)
        labels.label_from_instance = _choice

    def save(self) -> bool:
        """Give the label; False where that is refused, which is told above the form."""
        try:
            self.is_changed = set_status(
                self.customer, self.cleaned_data["label"], reason=self.cleaned_data["reason"], by=self.actor
            )
        except Error as error:
            self.add_error(None, sentence_of(refusal_of(error, {})))
        return self.is_valid()

    def told(self) -> str:
        """What was done, in a sentence."""
        label: CustomerStatus | None = self.cleaned_data["label"]
        name = label.label if label else "without a status"
        return f"{self.customer} is {name} now." if self.is_changed else f"{self.customer} was {name} already, for this reason."


def _choice(label: CustomerStatus) -> str:
    return f"{label.label} ({label.get_status_display()})"
