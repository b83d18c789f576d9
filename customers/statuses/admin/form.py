"""The form on which staff set a customer's lifecycle status."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminSelectWidget

from customers.profile.models import Customer
from customers.statuses.models import CustomerStatus
from customers.statuses.services import set_status
from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, ReasonField


class StatusForm(ActionForm):
    """The status to set, and the reason."""

    label = forms.ModelChoiceField(
        label="Status",
        queryset=CustomerStatus._base_manager.none(),
        required=False,
        empty_label="none: the fraud status decides",
        widget=UnfoldAdminSelectWidget,
    )
    reason = ReasonField(help_text="Kept in the history and sent to tills.")

    is_changed = False

    def __init__(self, *args: Any, customer: Customer, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["label"] = customer.status_label_id
        self.customer = customer
        self.actor = actor
        labels: Any = self.fields["label"]
        labels.queryset = CustomerStatus.objects.filter(is_active=True)
        labels.label_from_instance = _option

    def act(self) -> None:
        typed = self.cleaned_data
        self.is_changed = set_status(self.customer, typed["label"], reason=typed["reason"], by=self.actor)

    def summary(self) -> str:
        """What was done, in a sentence."""
        status: CustomerStatus | None = self.cleaned_data["label"]
        name = status.label if status else gettext("without a status")
        if self.is_changed:
            return gettext("%(customer)s is now %(name)s.") % {"customer": self.customer, "name": name}
        return gettext("%(customer)s is already %(name)s, for the same reason. Nothing was changed.") % {
            "customer": self.customer,
            "name": name,
        }


def _option(status: CustomerStatus) -> str:
    return f"{status.label} ({status.get_status_display()})"
