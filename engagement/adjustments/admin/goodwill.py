"""The form of goodwill: points for a customer, with a reason of the usual ones."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from engagement.adjustments.admin.form import PointsForm
from engagement.adjustments.posting import Draft
from engagement.adjustments.rules import OTHER_REASON, goodwill_reasons
from engagement.points.models import PointsAccount
from organizations.back_office.forms import MAX_REASON, LineField


class GoodwillForm(PointsForm):
    """Points, the program if there are several, and why. Added points expire by the program's default."""

    points_help = "Start with a minus to take points."

    account_id = forms.ChoiceField(label="Program", widget=UnfoldAdminSelectWidget())
    reason = forms.ChoiceField(widget=UnfoldAdminSelectWidget())
    details = LineField(
        required=False,
        widget=UnfoldAdminTextInputWidget(),
        help_text="Kept with the reason in the ledger and in the history.",
    )

    field_order = ("account_id", "points", "reason", "details")

    def __init__(self, *args: Any, account: PointsAccount, accounts: Sequence[PointsAccount], **kwargs: Any) -> None:
        super().__init__(*args, account=account, **kwargs)
        fields: Any = self.fields
        reasons = goodwill_reasons(self.by.organization.policy)
        fields["reason"].choices = [("", gettext("Choose a reason")), *((reason, reason) for reason in reasons)]
        if len(accounts) == 1:
            del fields["account_id"]
        else:
            fields["account_id"].choices = [(str(each.pk), str(each.program)) for each in accounts]
            self.initial = {**self.initial, "account_id": str(account.pk)}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        reason, details = cleaned.get("reason", ""), cleaned.get("details", "")
        if reason == OTHER_REASON and not details:
            self.add_error("details", gettext("Write the reason here."))
        elif len(_reason_text(reason, details)) > MAX_REASON:
            self.add_error(
                "details",
                gettext("Write at most %(max_reason)s characters.")
                % {"max_reason": MAX_REASON - len(_reason_text(reason, " ")) + 1},
            )
        return cleaned

    def draft(self) -> Draft:
        """The adjustment as typed."""
        typed = self.cleaned_data
        return Draft(points=typed["points"], reason=_reason_text(typed["reason"], typed["details"]))


def _reason_text(reason: str, details: str) -> str:
    if reason == OTHER_REASON:
        return details
    return f"{reason}: {details}" if details else reason
