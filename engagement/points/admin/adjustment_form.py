"""How are points adjusted at a desk? A form that asks what is needed and hands it to the service."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db import Error
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSingleDateWidget

from engagement.numbers.display import format_change
from engagement.points.adjustments import AdjustmentRefusedError, adjust_points
from engagement.points.models import PointsAccount
from organizations.audit.actors import Actor
from organizations.back_office.forms import ReasonField
from organizations.back_office.refusals import refusal_of, sentence_of


class AdjustmentForm(forms.Form):
    """Points to add or to take, why, and until when. `save` adjusts them, or says why not."""

    points = forms.DecimalField(
        max_digits=18,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any", "autofocus": True}),
        help_text="With a minus to take them.",
    )
    reason = ReasonField(help_text="Stands in the ledger and in the history for good.")
    expires_on = forms.DateField(
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text="The last good day of points that are added. Blank: they never expire.",
    )

    def __init__(self, *args: Any, account: PointsAccount, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.actor = actor

    def save(self) -> bool:
        """Adjust the points; False where the service refuses, which is told above the form."""
        given = self.cleaned_data
        try:
            adjust_points(self.account, given["points"], reason=given["reason"], expires_on=given["expires_on"], by=self.actor)
        except AdjustmentRefusedError as refusal:
            self.add_error(None, str(refusal))
        except Error as error:
            self.add_error(None, sentence_of(refusal_of(error, {})))
        return self.is_valid()

    def told(self) -> str:
        """What was done, in a word."""
        points: Decimal = self.cleaned_data["points"]
        return f"{format_change(points)} points"
