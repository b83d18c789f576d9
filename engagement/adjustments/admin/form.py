"""Forms of adjustments: adjusting, deciding, taking back."""

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.adjustments.posting import Draft, default_last_day
from engagement.adjustments.rules import MOST_ADJUSTED, AdjustmentRefusedError, check_points
from engagement.adjustments.services import (
    Adjusted,
    Limit,
    adjust_points,
    approve_adjustment,
    reject_adjustment,
    token_of,
)
from engagement.adjustments.taking_back import take_back_adjustment
from engagement.numbers.display import format_change, format_points
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.catalog import newest_versions
from organizations.audit.actors import Actor
from organizations.back_office.decisions import DecisionForm
from organizations.back_office.forms import ActionForm, NumberField, ReasonField

When = PointsAdjustment.Expiry


class AdjustmentForm(ActionForm):
    """Points to add or to take, the reason, and the expiry of added points: by default that of the program."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (AdjustmentRefusedError,)
    points_help = "Start with a minus to take points. To correct an adjustment, take it back on its page."

    points = NumberField(widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autofocus": True}))
    reason = ReasonField(help_text="Kept in the ledger and in the history.")
    expires_on = forms.DateField(required=False, label="Can be used until", widget=UnfoldAdminSingleDateWidget)
    never_expires = forms.BooleanField(
        required=False,
        label="The points never expire",
        widget=UnfoldBooleanSwitchWidget,
        help_text="In place of the day above.",
    )
    token = forms.CharField(widget=forms.HiddenInput, max_length=60)

    adjusted: Adjusted

    def __init__(self, *args: Any, account: PointsAccount, actor: Actor, limit: Limit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.actor, self.limit = account, actor, limit
        self.precision = newest_versions()[account.program_id].typed_rules.precision
        self.program_day = default_last_day(account.customer, account.program_id, organization=actor.organization)
        self.initial = {**self.initial, "token": token_of(account), "expires_on": self.program_day}
        self.fields["expires_on"].help_text = _hint(self.program_day)
        hints = [self.points_help]
        if limit is not None and limit < MOST_ADJUSTED:
            hints.append(f"More than {format_points(limit)} points are sent to a colleague for approval.")
        self.fields["points"].help_text = " ".join(hints)

    def clean_points(self) -> Decimal:
        """The points, if the program has so many decimals."""
        points: Decimal = self.cleaned_data["points"]
        try:
            check_points(points, precision=self.precision)
        except AdjustmentRefusedError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return points

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "token" in self.errors:
            # The field is hidden: its error would not be seen.
            del self.errors["token"]
            self.add_error(None, "This page is incomplete. Open it again.")
        day = cleaned.get("expires_on")
        if cleaned.get("never_expires") and day not in {None, self.program_day}:
            self.add_error("never_expires", "Choose one: a day, or points that never expire.")
        return cleaned

    def act(self) -> None:
        typed = self.cleaned_data
        expiry, day = self._expiry()
        draft = Draft(points=typed["points"], reason=typed["reason"], expiry=expiry, expires_on=day)
        self.adjusted = self.adjust(draft, token=typed["token"])

    def adjust(self, draft: Draft, *, token: str) -> Adjusted:
        """Make the adjustment."""
        return adjust_points(self.account, draft, token=token, limit=self.limit, by=self.actor)

    def _expiry(self) -> tuple[str, date | None]:
        """How the points expire. The program's own day stays the program's: it may move with bills or the tier."""
        day: date | None = self.cleaned_data["expires_on"]
        if self.cleaned_data["never_expires"]:
            return When.NEVER, None
        return (When.PROGRAM, None) if day in {None, self.program_day} else (When.DAY, day)

    @property
    def is_done_before(self) -> bool:
        """True if the page was sent before: nothing happened now."""
        return self.adjusted.is_replay

    def summary(self) -> str:
        """What was done, in a sentence."""
        row = self.adjusted.adjustment
        points = f"{format_change(row.points)} points"
        done = f"{points} wait for approval by a colleague." if row.status == row.Status.PENDING else f"{points}."
        if not self.is_done_before:
            return done
        return f"Nothing more was done: this page was sent before, with {points}. Open it again for another adjustment."


def _hint(program_day: date | None) -> str:
    if program_day is None:
        return "Last day on which added points can be used. Leave blank for the program's rules: they never expire."
    return "Last day on which added points can be used. The day shown is that of the program's rules."


class AdjustmentDecisionForm(DecisionForm):
    """The reason for a decision on a pending adjustment. `limit` is that of the current user."""

    refusals = (AdjustmentRefusedError,)

    def __init__(self, *args: Any, limit: Limit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit

    def act(self) -> None:
        reason = self.cleaned_data["reason"]
        if self.decision.is_rejection:
            reject_adjustment(self.row.pk, reason=reason, by=self.by)
        else:
            approve_adjustment(self.row.pk, limit=self.limit, reason=reason, by=self.by)

    def add_error(self, field: str | None, error: Any) -> None:
        # Refusals of the service may be about points and expiry, which this form does not have.
        super().add_error(field if field in self.fields else None, error)


class TakeBackForm(ActionForm):
    """The reason for taking back an adjustment."""

    refusals = (AdjustmentRefusedError,)

    reason = ReasonField(help_text="Kept in the ledger and in the history.")

    reversal: AdjustmentReversal

    def __init__(self, *args: Any, entry: PointsEntry, limit: Limit, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.entry, self.limit, self.by = entry, limit, by

    def act(self) -> None:
        self.reversal = take_back_adjustment(self.entry.pk, reason=self.cleaned_data["reason"], limit=self.limit, by=self.by)

    def summary(self) -> str:
        """What was done, in a sentence."""
        points = format_points(self.reversal.points)
        if self.entry.points < 0:
            return f"{points} points were given back."
        gone = f" {format_points(self.reversal.gone)} had been spent or had expired." if self.reversal.gone else ""
        return f"{points} points were taken back.{gone}"
