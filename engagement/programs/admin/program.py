"""Programs: their rules, their totals, and the page on which staff pause one."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, DecimalField, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.decorators import display

from engagement.back_office import points_column
from engagement.points.figures import read_figures
from engagement.points.models import PointsAccount
from engagement.programs import descriptions
from engagement.programs.admin.rule_pages import RulePages
from engagement.programs.models import Membership, Program, ProgramVersion
from engagement.programs.pausing import set_paused
from loyalty_project.translation import format_number
from organizations.audit.models import AuditEntry
from organizations.back_office.columns import state_display, value_column
from organizations.back_office.current_user import actor_of
from organizations.back_office.filters import YesNoFilter
from organizations.back_office.pages import page_of, permission_check, row_page
from organizations.organization_file.differences import differences

STATE_COLORS = {"active": "success", "paused": "warning", "off": "danger"}


@admin.register(Program)
class ProgramAdmin(RulePages):
    """Programs with their rules in sentences and all versions. Rules are changed in a draft, or in the organization file."""

    fields = ()
    list_display = (
        "name", "state_label", "scope_label", "member_count", "outstanding_display", "promised_display", "newest_version",
    )  # fmt: skip
    list_display_links = ("name",)
    list_filter = (("is_active", YesNoFilter), ("is_paused", YesNoFilter))
    search_fields = ("name",)
    actions: Sequence[str] = ("pause", "resume")
    confirmed_actions = ("pause", "resume")
    actions_detail: Sequence[str] = ("rules", "pause_page")  # type: ignore[assignment]  # see the base class
    change_form_outer_before_template = "back_office/program.html"  # type: ignore[assignment]  # see the base class

    has_pause_permission = permission_check("engagement.pause_program")

    outstanding_display = points_column("outstanding", "Balance of all members")
    promised_display = points_column("promised", "Promised")
    member_count = value_column("members", "Members", format_number)
    newest_version = value_column("newest", "Version")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Programs with their totals, by subqueries."""
        accounts = PointsAccount.objects.filter(program=OuterRef("pk")).order_by().values("program")
        members = Membership.objects.filter(program=OuterRef("pk")).unmerged().order_by().values("program")
        versions = ProgramVersion.objects.filter(program=OuterRef("pk")).order_by().values("program")
        points = DecimalField(max_digits=30, decimal_places=3)
        programs: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = programs.annotate(
            members=Coalesce(Subquery(members.annotate(all=Count("pk")).values("all")), 0),
            outstanding=Coalesce(
                Subquery(accounts.annotate(all=Sum("balance", filter=Q(balance__gt=0))).values("all")), 0, output_field=points
            ),
            promised=Coalesce(Subquery(accounts.annotate(all=Sum("promised")).values("all")), 0, output_field=points),
            newest=Subquery(versions.annotate(all=Max("number")).values("all")),
        )  # fmt: skip
        return counted

    @state_display("State", STATE_COLORS)
    def state_label(self, program: Program) -> str:
        """Active, paused, or off."""
        return state_of(program)

    @display(description="Applies")
    def scope_label(self, program: Program) -> str:
        """Whether it is the default program."""
        return "everywhere" if program.is_default else "where it is bound"

    @admin.action(description="Pause awards", permissions=["pause"])
    def pause(self, request: HttpRequest, rows: QuerySet[Program]) -> None:
        """Pause the selected programs."""
        self._set_paused(request, rows, paused=True)

    @admin.action(description="Resume awards", permissions=["pause"])
    def resume(self, request: HttpRequest, rows: QuerySet[Program]) -> None:
        """Resume the selected programs."""
        self._set_paused(request, rows, paused=False)

    def _set_paused(self, request: HttpRequest, rows: QuerySet[Program], *, paused: bool) -> None:
        changed = [
            changed_program
            for program in rows.select_related("organization")
            for changed_program in set_paused([program], paused=paused, by=actor_of(request, program.organization))
        ]
        messages.success(request, f"{'Paused' if paused else 'Resumed'}: {', '.join(map(str, changed)) or 'none'}.")

    @row_page("Pause or resume", address="pause", icon="pause_circle", permission="pause")
    def pause_page(self, request: HttpRequest, program: Program) -> HttpResponse:
        """The page that pauses a program, or resumes a paused one."""
        if request.method == "POST":
            self._set_paused(request, Program.objects.filter(pk=program.pk), paused=not program.is_paused)
            return HttpResponseRedirect(page_of(program))
        verb = "Resume" if program.is_paused else "Pause"
        return self.answer_page(request, "back_office/pause.html", title=f"{verb}: {program}", original=program, submit=verb)

    def history_of(self, row: Program) -> QuerySet[AuditEntry]:
        """The audit entries about the program and its versions."""
        versions = ProgramVersion.objects.filter(program=row).values("pk")
        about = Q(object_type="program", object_id=row.pk) | Q(object_type="programversion", object_id__in=versions)
        return AuditEntry.objects.filter(about).order_by("-id")

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        program = context["original"]
        context.update(_about(program, currency=self.organization_behind(program).currency))
        return super().render_change_form(request, context, *args, **kwargs)


def state_of(program: Program) -> str:
    """Active, paused or off."""
    return "off" if not program.is_active else "paused" if program.is_paused else "active"


def _about(program: Any, *, currency: str) -> dict[str, Any]:
    """The context of a program's page."""
    versions = list(ProgramVersion.objects.filter(program=program).order_by("-number"))
    rules = versions[0].typed_rules
    current = Membership.objects.filter(program=program, tier__isnull=False).unmerged().order_by()
    members = dict(current.values_list("tier__name").annotate(members=Count("pk")))
    return {
        "program": program,
        "state": state_of(program),
        "members": format_number(program.members),
        "figures": read_figures(program, ratio=rules.ratio, currency=currency),
        "currency": currency,
        "bound_to": [
            *program.zones.all(), *program.concepts.all(), *program.card_series.all(),
        ],
        "rules": rules,
        "notice": sorted(rules.expiry_notice_days, reverse=True),
        "enrolment": descriptions.describe_enrolment(rules),
        "earning": descriptions.describe_earning(rules),
        "occasions": descriptions.describe_occasions(rules),
        "tiers": [(tier, format_number(members.get(tier.name, 0))) for tier in descriptions.describe_tiers(rules)],
        "redemption": descriptions.describe_redemption(rules, currency=currency),
        "returns": descriptions.describe_returns(rules),
        "trackers": descriptions.describe_trackers(rules),
        "versions": [
            (version, list(differences("", before.rules, version.rules)) if before else [])
            for version, before in zip(versions, [*versions[1:], None], strict=True)
        ],
    }  # fmt: skip
