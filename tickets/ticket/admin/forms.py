"""Forms of ticket pages."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from customers.profile.models import Customer
from engagement.adjustments.admin.form import AdjustmentForm
from engagement.adjustments.models import PointsAdjustment
from engagement.adjustments.posting import Draft, balance_after
from engagement.adjustments.rules import AdjustmentRefusedError
from engagement.adjustments.services import Limit
from engagement.back_office import points_worth
from engagement.coupons.admin.forms import CustomerCouponForm
from engagement.coupons.catalog import CurrentSeries
from engagement.coupons.models import Coupon
from engagement.points.models import PointsAccount
from engagement.programs.catalog import newest_versions
from loyalty_project.protocol.plain_text import visible
from organizations.audit.actors import Actor
from organizations.back_office.forms import ActionForm, LineField, NumberField
from organizations.back_office.once import OnceForm
from organizations.staff.models import StaffMember
from tickets.choices.catalog import Kind, TicketChoices
from tickets.links.models import TicketLink
from tickets.links.services import KINDS, LONGEST_REASON, ONLY_ADDS, give_coupon_for, give_points, link_ticket
from tickets.ticket.models import LONGEST_SUBJECT, LONGEST_TEXT, Ticket
from tickets.ticket.rules import TicketInput, subject_key
from tickets.ticket.services import (
    CONSTRAINTS,
    TicketRefusedError,
    comment_on_ticket,
    open_ticket,
    reopen_ticket,
    work_on_ticket,
)

_NOBODY: Final = "nobody"
_WORDS: Final = ("status", "priority", "department", "assigned_to")


class LinesField(forms.CharField):
    """Text of several lines without invisible characters."""

    def __init__(self, *, rows: int = 4, **options: Any) -> None:
        super().__init__(max_length=LONGEST_TEXT, widget=UnfoldAdminTextareaWidget(attrs={"rows": rows}), **options)

    def to_python(self, value: Any) -> Any:
        return visible(super().to_python(value) or "").strip()

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class WordField(forms.ChoiceField):
    """A word of the organization. Its widget remembers what the page showed, so that only what was chosen anew is changed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=UnfoldAdminSelectWidget(), show_hidden_initial=True, **options)

    def offer(self, words: Iterable[str], *, empty: str = "", present: str = "") -> None:
        """Offer these words, the `present` one even if it is not in use any more, and `empty` for none."""
        offered = dict.fromkeys([*words, *([present] if present else [])])
        self.choices = [*([("", empty)] if empty else []), *((word, word) for word in offered)]


class TicketForm(ActionForm):
    """The base of forms about one ticket."""

    refusals = (TicketRefusedError,)
    constraints = CONSTRAINTS

    def __init__(self, *args: Any, ticket: Ticket, choices: TicketChoices, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket, self.own_choices, self.by = ticket, choices, by


class CommentForm(TicketForm):
    """A comment for colleagues."""

    comment = LinesField(help_text="For colleagues: the customer does not see it.")

    def act(self) -> None:
        comment_on_ticket(self.ticket, self.cleaned_data["comment"], by=self.by)


class ChangeForm(TicketForm):
    """Status, priority, department and the member of staff who works on the ticket, with a comment."""

    status = WordField()
    priority = WordField()
    department = WordField(required=False)
    assigned_to = WordField(required=False, label="Assigned to")
    comment = LinesField(required=False, help_text="For colleagues: the customer does not see it.")

    def __init__(self, *args: Any, ticket: Ticket, choices: TicketChoices, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, ticket=ticket, choices=choices, by=by, **kwargs)
        _offer(self.fields, choices, by, present={name: getattr(ticket, name) for name in _WORDS})
        self.initial = {**{name: getattr(ticket, name) for name in _WORDS}, **self.initial}

    def act(self) -> None:
        typed = {name: self.cleaned_data[name] for name in _WORDS if name in self.changed_data}
        given = TicketInput(**typed, cleared=frozenset(typed))
        work_on_ticket(self.ticket, given, comment=self.cleaned_data["comment"], choices=self.own_choices, by=self.by)


class ReopenForm(TicketForm):
    """The status of a ticket that is opened again, and why."""

    status = WordField()
    reason = LinesField(rows=3, help_text="Kept as a comment.")

    def __init__(self, *args: Any, ticket: Ticket, choices: TicketChoices, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, ticket=ticket, choices=choices, by=by, **kwargs)
        status: Any = self.fields["status"]
        status.offer(choices.open_statuses)
        self.initial = {"status": choices.first_status, **self.initial}

    def act(self) -> None:
        typed = self.cleaned_data
        reopen_ticket(self.ticket, status=typed["status"], reason=typed["reason"], choices=self.own_choices, by=self.by)


class OpenForm(OnceForm):
    """A ticket that staff open for a customer, with points as goodwill if an `account` is given."""

    action = "open ticket"
    previews = False
    refusals: ClassVar[tuple[type[Exception], ...]] = (*OnceForm.refusals, TicketRefusedError, AdjustmentRefusedError)
    constraints = CONSTRAINTS

    subject = LineField(max_length=LONGEST_SUBJECT, widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}))
    message = LinesField(required=False, rows=6, help_text="What the customer says.")
    reported_from = forms.ChoiceField(
        label="Came by", choices=Ticket.Source.choices, initial=Ticket.Source.CALLCENTER, widget=UnfoldAdminSelectWidget()
    )
    priority = WordField()
    department = WordField(required=False)
    assigned_to = WordField(required=False, label="Assigned to")
    points = NumberField(
        label="Points as goodwill", required=False, widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"})
    )

    ticket: Ticket | None = None

    def __init__(
        self,
        *args: Any,
        customer: Customer,
        choices: TicketChoices,
        by: Actor,
        account: PointsAccount | None = None,
        limit: Limit = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, subject=customer.pk, by=by, **kwargs)
        self.customer, self.own_choices, self.account, self.limit = customer, choices, account, limit
        _offer(self.fields, choices, by, present={})
        self.initial = {"priority": choices.first_priority, **self.initial}
        if account is None:
            del self.fields["points"]
        else:
            self.fields["points"].help_text = gettext("In %(program)s, because of this ticket. Leave blank for none.") % {
                "program": account.program
            }

    def clean_subject(self) -> str:
        """The subject, if it has a visible character."""
        subject: str = self.cleaned_data["subject"]
        if not subject_key(subject):
            raise forms.ValidationError(gettext("Enter a subject."))
        return subject

    def clean_points(self) -> Decimal | None:
        """The points, if they are added and the program has so many decimals."""
        points: Decimal | None = self.cleaned_data["points"]
        if points is not None and points < 0:
            raise forms.ValidationError(ONLY_ADDS)
        return points or None

    def asks_first(self) -> bool:
        return self._goodwill() is not None

    def preview(self) -> Sequence[str]:
        draft, account = self._goodwill(), self.account
        if draft is None or account is None:
            return ()
        balance = balance_after(draft, customer=self.customer, program_id=account.program_id, by=self.by)
        rules = newest_versions()[account.program_id].typed_rules
        worth = points_worth(balance, rules=rules, currency=self.by.organization.currency)
        if self.limit is not None and draft.points > self.limit:
            return [
                gettext("A colleague approves the points first."),
                gettext("Then the new balance is %(worth)s.") % {"worth": worth},
            ]
        return [
            gettext("New balance: %(worth)s") % {"worth": worth},
            gettext("The ticket is opened, and linked with the points."),
        ]

    def do(self) -> str:
        typed = {name: value for name, value in self.cleaned_data.items() if name not in {"token", "points"}}
        ticket = open_ticket(self.customer.pk, TicketInput(**typed), choices=self.own_choices, by=self.by)
        self.ticket = ticket
        done = gettext("ticket %(code)s was opened.") % {"code": ticket.code}
        draft, account = self._goodwill(), self.account
        if draft is None or account is None:
            return done
        adjustment = give_points(ticket, account, draft, limit=self.limit, by=self.by)
        is_pending = adjustment.status == PointsAdjustment.Status.PENDING
        return f"{done} {adjustment}{gettext(' wait for approval by a colleague') if is_pending else ''}."

    def _goodwill(self) -> Draft | None:
        points: Decimal | None = self.cleaned_data.get("points")
        return Draft(points=points, reason=self.cleaned_data["subject"][:LONGEST_REASON]) if points else None


class PointsForm(AdjustmentForm):
    """Points that the customer gets because of a ticket."""

    refusals = (*AdjustmentForm.refusals, TicketRefusedError)
    points_help = "The customer gets these points at once."

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket
        self.fields["reason"].help_text = gettext("The ledger shows it behind “Ticket %(code)s:”.") % {"code": ticket.code}
        self.initial = {**self.initial, "reason": ticket.subject[:LONGEST_REASON]}

    def clean_points(self) -> Decimal:
        """The points, if they are added."""
        points = super().clean_points()
        if points < 0:
            raise forms.ValidationError(ONLY_ADDS)
        return points

    def clean_reason(self) -> str:
        """The reason, if it fits behind the code of the ticket."""
        return _short_reason(self.cleaned_data["reason"])

    def adjust(self, draft: Draft) -> PointsAdjustment:
        return give_points(self.ticket, self.account, draft, limit=self.limit, by=self.by)


class CouponForm(CustomerCouponForm):
    """A coupon that the customer gets because of a ticket."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (*CustomerCouponForm.refusals, TicketRefusedError)

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, customer=ticket.customer, **kwargs)
        self.ticket = ticket
        self.fields["reason"].help_text = gettext("Kept in the history of the coupon, behind the code of the ticket.")
        self.initial = {"reason": ticket.subject[:LONGEST_REASON], **self.initial}

    def clean_reason(self) -> str:
        """The reason, if it fits behind the code of the ticket."""
        return _short_reason(self.cleaned_data["reason"])

    def give(self, customer: Customer, current: CurrentSeries) -> Coupon:  # noqa: ARG002 - that of the ticket
        return give_coupon_for(self.ticket, current, reason=self.cleaned_data["reason"], by=self.by)


class LinkForm(TicketForm):
    """The bill, coupon or ledger entry that a ticket is about."""

    kind = forms.ChoiceField(
        label="What is it about?", choices=list(KINDS.items()), initial="bill", widget=UnfoldAdminRadioSelectWidget
    )
    name = LineField(
        label="Number or code",
        max_length=LONGEST_SUBJECT,
        widget=UnfoldAdminTextInputWidget(),
        help_text="The number of the bill, the code of the coupon, or the id of the ledger entry.",
    )

    link: TicketLink

    def act(self) -> None:
        self.link = link_ticket(self.ticket, self.cleaned_data["kind"], self.cleaned_data["name"], by=self.by)


def _short_reason(reason: str) -> str:
    if len(reason) > LONGEST_REASON:
        raise forms.ValidationError(
            gettext("Write at most %(longest_reason)s characters.") % {"longest_reason": LONGEST_REASON}
        )
    return reason


def _offer(fields: Mapping[str, Any], choices: TicketChoices, by: Actor, *, present: Mapping[str, str]) -> None:
    """Offer the organization's words, and its members of staff, in the fields of a form."""
    for name, kind in (("status", Kind.STATUS), ("priority", Kind.PRIORITY), ("department", Kind.DEPARTMENT)):
        if name in fields:
            empty = "" if fields[name].required else "–"
            fields[name].offer(choices.words[kind], empty=empty, present=present.get(name, ""))
    members = StaffMember.objects.filter(organization=by.organization, is_active=True).order_by("username")
    names = members.exclude(role=StaffMember.Role.AUDITOR).values_list("username", flat=True)
    fields["assigned_to"].offer(names, empty=_NOBODY, present=present.get("assigned_to", ""))
