"""Forms of adjustments: adjusting, deciding, taking back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanSwitchWidget

from engagement.adjustments.models import AdjustmentReversal, PointsAdjustment
from engagement.adjustments.posting import Draft, balance_after, default_last_day
from engagement.adjustments.rules import MOST_ADJUSTED, AdjustmentRefusedError, check_points
from engagement.adjustments.services import Limit, adjust_points, approve_adjustment, reject_adjustment
from engagement.adjustments.taking_back import take_back_adjustment
from engagement.back_office import points_worth
from engagement.numbers.display import format_change, format_points
from engagement.points.models import PointsAccount, PointsEntry
from engagement.programs.catalog import newest_versions
from organizations.audit.actors import Actor
from organizations.back_office.decisions import DecisionForm
from organizations.back_office.forms import ActionForm, DayInput, NumberField, ReasonField
from organizations.back_office.once import OnceForm

When = PointsAdjustment.Expiry
Status = PointsAdjustment.Status


class PointsForm(OnceForm):
    """Points to add or to take on an account. A subclass says why, and when added points expire (`draft`)."""

    action = "adjust points"
    refusals: ClassVar[tuple[type[Exception], ...]] = (*OnceForm.refusals, AdjustmentRefusedError)
    points_help = "Start with a minus to take points. To correct an adjustment, take it back on its page."

    points = NumberField(widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal", "autofocus": True}))

    def __init__(self, *args: Any, account: PointsAccount, by: Actor, limit: Limit, **kwargs: Any) -> None:
        super().__init__(*args, subject=account.customer_id, by=by, **kwargs)
        self.account, self.limit = account, limit
        self.rules = newest_versions()[account.program_id].typed_rules
        self.program_day = default_last_day(account.customer, account.program_id, organization=by.organization)
        hints = [gettext(self.points_help)]
        if limit is not None and limit < MOST_ADJUSTED:
            hints.append(
                gettext("More than %(limit)s points are sent to a colleague for approval.") % {"limit": format_points(limit)}
            )
        self.fields["points"].help_text = " ".join(hints)

    def draft(self) -> Draft:
        """The adjustment as typed."""
        raise NotImplementedError

    def clean_points(self) -> Decimal:
        """The points, if the program has so many decimals."""
        points: Decimal = self.cleaned_data["points"]
        try:
            check_points(points, precision=self.rules.precision)
        except AdjustmentRefusedError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return points

    def worth(self, points: Decimal) -> str:
        """Points of the program with their value in money."""
        return points_worth(points, rules=self.rules, currency=self.by.organization.currency)

    def preview(self) -> Sequence[str]:
        draft = self.draft()
        balance = balance_after(draft, customer=self.account.customer, program_id=self.account.program_id, by=self.by)
        shown = [gettext("New balance: %(balance)s") % {"balance": self.worth(balance)}]
        if self.limit is not None and abs(draft.points) > self.limit:
            shown = [
                gettext("A colleague approves it first. Until then no points move."),
                gettext("Then the new balance is %(balance)s.") % {"balance": self.worth(balance)},
            ]
        if draft.points > 0:
            shown.append(_until(self.program_day if draft.expiry == When.PROGRAM else draft.expires_on))
        return shown

    def do(self) -> str:
        adjustment = self.adjust(self.draft())
        points = gettext("%(points)s points") % {"points": format_change(adjustment.points)}
        return (
            gettext("%(points)s wait for approval by a colleague.") % {"points": points}
            if adjustment.status == Status.PENDING
            else f"{points}."
        )

    def adjust(self, draft: Draft) -> PointsAdjustment:
        """Make the adjustment."""
        return adjust_points(self.account, draft, limit=self.limit, by=self.by)


class AdjustmentForm(PointsForm):
    """An adjustment with its reason, and the expiry of added points: by default that of the program."""

    reason = ReasonField(help_text="Kept in the ledger and in the history.")
    expires_on = forms.DateField(required=False, label="Can be used until", widget=DayInput)
    never_expires = forms.BooleanField(
        required=False,
        label="The points never expire",
        widget=UnfoldBooleanSwitchWidget,
        help_text="In place of the day above.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, "expires_on": self.program_day}
        self.fields["expires_on"].help_text = _hint(self.program_day)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        day = cleaned.get("expires_on")
        if cleaned.get("never_expires") and day not in {None, self.program_day}:
            self.add_error("never_expires", gettext("Choose one: a day, or points that never expire."))
        return cleaned

    def draft(self) -> Draft:
        """The adjustment as typed. The program's own day stays the program's: it may move with bills or the tier."""
        typed = self.cleaned_data
        day: date | None = typed["expires_on"]
        expiry: str = When.PROGRAM if day in {None, self.program_day} else When.DAY
        if typed["never_expires"]:
            expiry = When.NEVER
        last_day = day if expiry == When.DAY else None
        return Draft(points=typed["points"], reason=typed["reason"], expiry=expiry, expires_on=last_day)


def _until(last_day: date | None) -> str:
    return (
        gettext("The points can be used until %(last_day)s.") % {"last_day": f"{last_day:%Y-%m-%d}"}
        if last_day
        else gettext("The points never expire.")
    )


def _hint(program_day: date | None) -> str:
    if program_day is None:
        return gettext("Last day on which added points can be used. Leave blank for the program's rules: they never expire.")
    return gettext("Last day on which added points can be used. The day shown is that of the program's rules.")


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
            return gettext("%(points)s points were given back.") % {"points": points}
        gone = (
            gettext(" %(gone)s had been spent or had expired.") % {"gone": format_points(self.reversal.gone)}
            if self.reversal.gone
            else ""
        )
        return gettext("%(points)s points were taken back.%(gone)s") % {"points": points, "gone": gone}
