"""Forms of endpoint pages."""

from typing import Any, ClassVar

from django import forms
from django.db import transaction
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, ConfigurationForm, LineField
from organizations.organization_file.schema import Struct
from use_cases.webhook_events import EVENT_KINDS
from webhooks.deliveries.models import Delivery
from webhooks.deliveries.services import send_test
from webhooks.delivering import sending_policy
from webhooks.endpoints.models import Endpoint
from webhooks.endpoints.secrets import SecretsRefusedError, add_secret, retire_old_secrets
from webhooks.endpoints.services import PausedBecause, pause_endpoint, resume_endpoint
from webhooks.sending.addresses import LONGEST_URL, AddressError, check_url


class EndpointForm(ConfigurationForm):
    """An endpoint: name, address, and the kinds of events that it gets."""

    section = Struct({})  # not a part of the organization file
    natural_key = ("name",)

    name = LineField(max_length=100, widget=UnfoldAdminTextInputWidget)
    url = forms.CharField(
        label="Address",
        max_length=LONGEST_URL,
        widget=UnfoldAdminTextInputWidget,
        help_text="A public https:// address that takes POST requests.",
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(kind.name, f"{kind.name} – {kind.meaning}") for kind in EVENT_KINDS.values()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Each is sent once it has happened; nothing is sent of what happened before.",
    )

    def clean_url(self) -> str:
        """The address in its plain form."""
        try:
            return check_url(self.cleaned_data["url"], sending_policy())
        except AddressError as error:
            raise forms.ValidationError(str(error)) from error


class EndpointActionForm(ActionForm):
    """A form about one endpoint, without fields: the button does it."""

    intro: ClassVar[str]
    done: ClassVar[str]

    def __init__(self, *args: Any, endpoint: Endpoint, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.endpoint, self.by = endpoint, by


class PauseForm(EndpointActionForm):
    """Pauses an endpoint."""

    intro = (
        "While the endpoint is paused nothing is sent to it. Its events are kept, each for seven days, and are sent once it is"
        " resumed."
    )
    done = "Paused."

    @transaction.atomic
    def act(self) -> None:
        pause_endpoint(self.endpoint, PausedBecause.STAFF, by=self.by)


class ResumeForm(EndpointActionForm):
    """Resumes a paused endpoint."""

    intro = "What is waiting for the endpoint is sent within a minute, the oldest first."
    done = "Resumed."

    @transaction.atomic
    def act(self) -> None:
        resume_endpoint(self.endpoint, by=self.by)


class RotateForm(EndpointActionForm):
    """Gives an endpoint a second secret."""

    intro = (
        "A new secret is made and shown once. From now on every delivery has a signature by the new secret and one by the old"
        " secret, so that the receiver can change to the new one at any time. Retire the old secret after that."
    )
    refusals = (SecretsRefusedError,)

    secret = ""

    @transaction.atomic
    def act(self) -> None:
        self.secret = add_secret(self.endpoint, by=self.by)


class RetireForm(EndpointActionForm):
    """Retires all secrets of an endpoint but the newest."""

    intro = "Deliveries are signed by the newest secret alone from now on. A receiver that still uses the old one refuses them."
    done = "The old secret is retired."

    @transaction.atomic
    def act(self) -> None:
        retire_old_secrets(self.endpoint, by=self.by)


class TestForm(EndpointActionForm):
    """Sends an endpoint a test."""

    intro = "An event webhook.test is sent to the endpoint, whatever it listens to. The next page shows how it ends."

    delivery: Delivery

    @transaction.atomic
    def act(self) -> None:
        self.delivery = send_test(self.endpoint, by=self.by)
