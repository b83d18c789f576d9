"""The form on which staff adjust points."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSingleDateWidget

from engagement.numbers.display import format_change
from engagement.points.adjustments import AdjustmentRefusedError, adjust_points
from engagement.points.models import PointsAccount
from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, ReasonField


class AdjustmentForm(ActionForm):
    """Points to add or to take, the reason, and the expiry."""

    refusals = (AdjustmentRefusedError,)

    points = forms.DecimalField(
        max_digits=18,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "any", "autofocus": True}),
        help_text="Start with a minus to take points back.",
    )
    reason = ReasonField(help_text="Kept in the ledger and in the history.")
    expires_on = forms.DateField(
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text="Last day on which added points can be used. Leave blank for points that never expire.",
    )

    def __init__(self, *args: Any, account: PointsAccount, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.actor = actor

    def act(self) -> None:
        typed = self.cleaned_data
        adjust_points(self.account, typed["points"], reason=typed["reason"], expires_on=typed["expires_on"], by=self.actor)

    def summary(self) -> str:
        """What was done, in a few words."""
        points: Decimal = self.cleaned_data["points"]
        return f"{format_change(points)} points"
