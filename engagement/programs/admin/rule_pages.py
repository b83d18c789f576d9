"""Pages on which staff work on the draft of a program's rules, rehearse it, and make it the next version."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from engagement.programs import descriptions
from engagement.programs.admin.rule_forms import (
    PARTS,
    DraftForm,
    RehearseForm,
    RuleForm,
    SettingsForm,
    TierTableForm,
    YamlForm,
)
from engagement.programs.changes import changed_sentences
from engagement.programs.models import Program, ProgramDraft
from engagement.programs.rules import ProgramRules
from engagement.rehearsal.running import request_rehearsal
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import actor_of
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of, permission_check, row_page, row_view
from organizations.organization_file.problems import OrganizationFileError
from organizations.organization_file.writing import write_document
from use_cases.drafts import (
    StaleDraftError,
    UnseenDraftError,
    discard_draft,
    keep_draft,
    mark_of,
    newest_version,
    publish_draft,
    rules_in_work,
    shown_rules,
)

_EDIT: Final = "edit"


class RulePages(ReadOnlyAdmin):
    """The pages *Change rules* of a program."""

    has_edit_permission = permission_check("engagement.edit_program")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        start, name = "<int:object_id>/rules", "engagement_program"
        return [
            path(f"{start}/tiers/", page(self.tiers_view), name=f"{name}_tiers"),
            path(f"{start}/settings/", page(self.settings_view), name=f"{name}_settings"),
            path(f"{start}/yaml/", page(self.yaml_view), name=f"{name}_yaml"),
            path(f"{start}/save/", page(self.publish_view), name=f"{name}_publish"),
            path(f"{start}/discard/", page(self.discard_view), name=f"{name}_discard"),
            path(f"{start}/rehearse/", page(self.rehearse_view), name=f"{name}_rehearse"),
            path(f"{start}/<str:part>/<int:position>/", page(self.rule_view), name=f"{name}_rule"),
            path(f"{start}/<str:part>/<int:position>/remove/", page(self.remove_view), name=f"{name}_remove_rule"),
            *super().get_urls(),
        ]

    @row_page("Change rules", address="rules", icon="edit", permission=_EDIT)
    def rules(self, request: HttpRequest, program: Program) -> HttpResponse:
        """All rules of the program's draft in sentences, and what the draft changes."""
        typed = self._typed(program)
        listed = [
            ("earning", "Earning", "Add an earning rule", descriptions.describe_earning(typed)),
            ("occasions", "Occasions", "Add an occasion", descriptions.describe_occasions(typed)),
            ("tiers", "Tiers", "Add a tier", descriptions.describe_tiers(typed)),
            ("trackers", "Trackers", "Add a tracker", descriptions.describe_trackers(typed)),
        ]
        currency = self.organization_behind(program).currency
        return self.answer_page(
            request,
            "back_office/program_rules.html",
            title=f"Rules: {program}",
            original=program,
            parts=[
                (part, title, add, [(number, rule) for number, rule in enumerate(rules, start=1)])
                for part, title, add, rules in listed
            ],
            settings=[
                ("Joining", descriptions.describe_enrolment(typed) or "No points."),
                ("Redemption", " ".join(descriptions.describe_redemption(typed, currency=currency))),
                ("Returns", descriptions.describe_returns(typed)),
            ],
            **self._draft_context(program),
        )

    @row_view(_EDIT)
    def rule_view(self, request: HttpRequest, program: Program, part: str, position: int) -> HttpResponse:
        """The form of one rule of a part; position 0 is a new one, the first is 1."""
        described = PARTS.get(part)
        rules = self._shown(program)
        if described is None or position > len(rules.get(part, ())):
            raise Http404
        form = RuleForm(
            request.POST or None,
            part=described,
            position=position - 1 if position else None,
            **self._of(request, program, rules),
        )
        title = f"Change the {described.noun}" if position else f"Add {_article(described.noun)}"
        remove = reverse("admin:engagement_program_remove_rule", args=[program.pk, part, position]) if position else ""
        return self._answer(request, program, form, "back_office/rule_form.html", title=title, remove=remove)

    @row_view(_EDIT)
    def remove_view(self, request: HttpRequest, program: Program, part: str, position: int) -> HttpResponse:
        """Take a rule out of the draft, unless it is gone already."""
        if part not in PARTS:
            raise Http404
        rows = list(self._shown(program).get(part, ()))
        if request.method == "POST" and 1 <= position <= len(rows):
            removed = rows.pop(position - 1)
            by = actor_of(request, self.organization_behind(program))
            try:
                keep_draft(program, {part: rows}, seen=request.POST.get("of", ""), by=by)
            except UnseenDraftError as refusal:
                messages.warning(request, str(refusal))
            except OrganizationFileError as error:
                messages.warning(request, f"{removed['name']} is needed: {error.problems[0]}.")
            else:
                messages.success(request, f"{removed['name']} is taken out of the draft.")
        return HttpResponseRedirect(_rules_page(program))

    @row_view(_EDIT)
    def settings_view(self, request: HttpRequest, program: Program) -> HttpResponse:
        """The form of what the program says beside its rules."""
        form = SettingsForm(request.POST or None, **self._of(request, program, self._shown(program)))
        return self._answer(request, program, form, "back_office/rule_form.html", title="Points, joining, redemption, returns")

    @row_view(_EDIT)
    def tiers_view(self, request: HttpRequest, program: Program) -> HttpResponse:
        """The tiers as a table."""
        form = TierTableForm(request.POST or None, **self._of(request, program, self._shown(program)))
        return self._answer(request, program, form, "back_office/tier_table.html", title="Tiers, lowest first")

    @row_view(_EDIT)
    def yaml_view(self, request: HttpRequest, program: Program) -> HttpResponse:
        """The rules as text of the organization file."""
        rules = self._shown(program)
        form = YamlForm(request.POST or None, initial={"text": write_document(rules)}, **self._of(request, program, rules))
        return self._answer(request, program, form, "back_office/action.html", title="Rules as YAML")

    @row_view(_EDIT)
    def publish_view(self, request: HttpRequest, program: Program) -> HttpResponse:
        """What the draft changes, and the button that makes it the next version."""
        context = self._draft_context(program)
        if context["draft"] is None:
            return HttpResponseRedirect(_rules_page(program))
        if request.method == "POST":
            try:
                version = publish_draft(
                    program, seen=request.POST.get("draft", ""), by=actor_of(request, self.organization_behind(program))
                )
            except UnseenDraftError as refusal:
                messages.warning(request, str(refusal))
                return HttpResponseRedirect(request.path)
            except (StaleDraftError, OrganizationFileError) as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(_rules_page(program))
            messages.success(request, f"Version {version.number} of the rules is in force.")
            return HttpResponseRedirect(page_of(program))
        return self.answer_page(
            request,
            "back_office/publish_rules.html",
            title=f"Save the rules: {program}",
            original=program,
            back=_rules_page(program),
            submit=f"Save as version {context['next_version']}",
            seen=mark_of(self._shown(program)),
            **context,
        )

    @row_view(_EDIT)
    def discard_view(self, request: HttpRequest, program: Program) -> HttpResponse:
        """Remove the draft."""
        if request.method == "POST":
            discard_draft(program, by=actor_of(request, self.organization_behind(program)))
            messages.success(request, "The draft was discarded. The rules in force stay.")
        return HttpResponseRedirect(_rules_page(program))

    @row_view(_EDIT)
    def rehearse_view(self, request: HttpRequest, program: Program) -> HttpResponse:
        """The page that has a worker try the draft on recorded bills."""
        form = RehearseForm(request.POST or None)
        if form.is_valid():
            rehearsal = request_rehearsal(
                program,
                rules_in_work(program),
                days=form.cleaned_data["days"],
                by=actor_of(request, self.organization_behind(program)),
            )
            return HttpResponseRedirect(page_of(rehearsal))
        return self.answer_page(
            request,
            "back_office/rehearse.html",
            title=f"Rehearse: {program}",
            original=program,
            back=_rules_page(program),
            form=form,
            submit="Rehearse",
            **self._draft_context(program),
        )

    # --- shared

    def _answer(
        self, request: HttpRequest, program: Program, form: DraftForm, template: str, *, title: str, **context: Any
    ) -> HttpResponse:
        """The page of a form that changes the draft; once it has, the page of all rules."""
        if form.run():
            messages.success(request, "The draft was changed. Nothing is in force before you save it as a version.")
            return HttpResponseRedirect(_rules_page(program))
        return self.answer_page(
            request,
            template,
            title=f"{title}: {program}",
            original=program,
            back=_rules_page(program),
            form=form,
            submit="Put into the draft",
            **context,
        )

    def _of(self, request: HttpRequest, program: Program, rules: Mapping[str, Any]) -> dict[str, Any]:
        return {"program": program, "rules": rules, "by": actor_of(request, self.organization_behind(program))}

    @staticmethod
    def _shown(program: Program) -> dict[str, Any]:
        return shown_rules(program, rules_in_work(program))

    @staticmethod
    def _typed(program: Program) -> ProgramRules:
        return ProgramRules.from_json(rules_in_work(program))

    def _draft_context(self, program: Program) -> dict[str, Any]:
        """The draft, who changed it last, what it changes, and whether another version came in between."""
        draft = ProgramDraft.objects.filter(program=program).first()
        newest = newest_version(program)
        currency = self.organization_behind(program).currency
        after = ProgramRules.from_json(draft.rules) if draft else newest.typed_rules
        return {
            "draft": draft,
            "changes": changed_sentences(newest.typed_rules, after, currency=currency),
            "changed_by": actor_label(draft.changed_by) if draft else "",
            "is_stale": draft is not None and draft.number != newest.number,
            "next_version": newest.number + 1,
        }


def _rules_page(program: Program) -> str:
    return reverse("admin:engagement_program_rules", args=[program.pk])


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
