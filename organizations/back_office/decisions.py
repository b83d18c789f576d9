"""Rows that staff approve or reject: the two decisions, the form of the reason, and the page that decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.translation import gettext

from organizations.audit.actors import Actor
from organizations.back_office.base import BackOfficeAdmin
from organizations.back_office.forms import ActionForm, ReasonField
from organizations.back_office.pages import page_of, row_view


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A way to decide: its button, and its past participle in messages."""

    button: str
    done: str
    is_rejection: bool


DECISIONS: Final[Mapping[str, Decision]] = {
    "approve": Decision(button="Approve", done="approved", is_rejection=False),
    "reject": Decision(button="Reject", done="rejected", is_rejection=True),
}


class DecisionForm(ActionForm):
    """The reason for a decision; a rejection needs one. A subclass decides in `act`."""

    reason = ReasonField(help_text="Kept with the request and in the history.")

    def __init__(self, *args: Any, row: Any, decision: Decision, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.row, self.decision, self.by = row, decision, by
        self.fields["reason"].required = decision.is_rejection


class DecidingAdmin(BackOfficeAdmin):
    """The base of pages whose rows are decided: adds the page that approves or rejects a row.

    A subclass has a method `has_decide_permission`. `decision_template` describes what the decision does.
    """

    decision_template: ClassVar[str]

    def decision_form(self, request: HttpRequest, row: Any, decision: Decision) -> DecisionForm:
        """The form that decides the row."""
        raise NotImplementedError

    def decision_context(self, request: HttpRequest, row: Any) -> Mapping[str, Any]:
        """What the template prints about the row."""
        raise NotImplementedError

    def decision_subject(self, row: Any) -> str:
        """The row, in the message about the decision."""
        return str(row)

    def get_urls(self) -> list[URLPattern]:
        page = path(
            "<int:object_id>/decide/<str:verb>/",
            self.admin_site.admin_view(self.decide_view),
            name=f"{self.opts.app_label}_{self.opts.model_name}_decide",
        )
        return [page, *super().get_urls()]

    @row_view("decide")
    def decide_view(self, request: HttpRequest, row: Any, verb: str) -> HttpResponse:
        """The page that approves or rejects a row."""
        if verb not in DECISIONS:
            raise Http404
        decision = DECISIONS[verb]
        form = self.decision_form(request, row, decision)
        if form.run():
            messages.success(request, f"{self.decision_subject(row)}: {gettext(decision.done)}.")
            return HttpResponseRedirect(page_of(row))
        return self.answer_page(
            request,
            self.decision_template,
            title=f"{gettext(decision.button)}: {row}",
            original=row,
            decision=decision,
            form=form,
            submit=gettext(decision.button),
            **self.decision_context(request, row),
        )
