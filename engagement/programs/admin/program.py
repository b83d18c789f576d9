"""Which programs are there, by which rules, and how do they fare? A file says the rules; staff may pause a program."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, DecimalField, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from engagement.numbers.display import format_points
from engagement.points.models import PointsAccount
from engagement.programs import descriptions
from engagement.programs.models import Membership, Program, ProgramVersion
from engagement.programs.pausing import set_paused
from organizations.back_office.base import ReadOnlyAdmin
from organizations.back_office.current_user import actor_of, member_of, work_for
from organizations.back_office.pages import page_action, page_of
from organizations.organization_file.differences import differences

STATES = {"active": "success", "paused": "warning", "off": "danger"}


@admin.register(Program)
class ProgramAdmin(ReadOnlyAdmin):
    """Programs, their rules in sentences, and every version. What a file says is changed by a file."""

    fields = ()
    list_display = ("name", "told_state", "told_kind", "members", "outstanding", "promised", "newest")
    list_display_links = ("name",)
    list_filter = (("is_active", BooleanRadioFilter), ("is_paused", BooleanRadioFilter))
    search_fields = ("name",)
    actions: Sequence[str] = ("pause", "resume")
    actions_detail: Sequence[str] = ("pause_page",)  # type: ignore[assignment]  # see the base class
    change_form_outer_before_template = "back_office/program.html"  # type: ignore[assignment]  # see the base class

    def has_pause_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as Django's has_..._permission
        """Whether whoever is logged in may pause programs."""
        return member_of(request).has_perm("engagement.pause_program")

    # --- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Each with its figures, counted by subqueries."""
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

    @display(description="State", label=STATES)
    def told_state(self, program: Program) -> str:
        """Active, paused, or switched off."""
        return state_of(program)

    @display(description="Counts")
    def told_kind(self, program: Program) -> str:
        """Whether it is the default program."""
        return "everywhere" if program.is_default else "where it is bound"

    @display(description="Members")
    def members(self, program: Any) -> str:
        """How many are in."""
        return f"{program.members:,}"

    @display(description="Points to spend")
    def outstanding(self, program: Any) -> str:
        """What all members may spend together."""
        return format_points(program.outstanding)

    @display(description="Promised points")
    def promised(self, program: Any) -> str:
        """What is promised to all members together."""
        return format_points(program.promised)

    @display(description="Version")
    def newest(self, program: Any) -> int:
        """The number of the version in force."""
        number: int = program.newest
        return number

    @admin.action(description="Pause: award nothing for the time being", permissions=["pause"])
    def pause(self, request: HttpRequest, rows: QuerySet[Program]) -> None:
        """Pause the chosen programs."""
        self._set_paused(request, rows, paused=True)

    @admin.action(description="Go on awarding", permissions=["pause"])
    def resume(self, request: HttpRequest, rows: QuerySet[Program]) -> None:
        """Let the chosen programs go on."""
        self._set_paused(request, rows, paused=False)

    def _set_paused(self, request: HttpRequest, rows: QuerySet[Program], *, paused: bool) -> None:
        changed = [
            one
            for program in rows.select_related("organization")
            for one in set_paused([program], paused=paused, by=actor_of(request, program.organization))
        ]
        messages.success(request, f"{'Paused' if paused else 'Going on'}: {', '.join(map(str, changed)) or 'none'}.")

    # --- the page of one

    @page_action("Pause or go on", address="pause", icon="pause_circle", permission="pause")
    def pause_page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks whether the program is to be paused, or to go on."""
        program = self.get_object(request, unquote(object_id))
        if program is None:
            return self.answer_unknown(request, object_id)
        if not self.has_pause_permission(request, program):
            raise PermissionDenied
        with work_for(request, self.organization_behind(program)):
            if request.method == "POST":
                self._set_paused(request, Program.objects.filter(pk=program.pk), paused=not program.is_paused)
                return HttpResponseRedirect(page_of(program))
            title = f"{'Go on' if program.is_paused else 'Pause'}: {program}"
            return self.answer_page(request, "back_office/pause.html", title=title, original=program, back=page_of(program))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        program = context["original"]
        context.update(_about(program, currency=self.organization_behind(program).currency))
        return super().render_change_form(request, context, *args, **kwargs)


def state_of(program: Program) -> str:
    """Active, paused or off, in a word."""
    return "off" if not program.is_active else "paused" if program.is_paused else "active"


def _about(program: Any, *, currency: str) -> dict[str, Any]:
    """What the page shows of a program."""
    versions = list(ProgramVersion.objects.filter(program=program).order_by("-number"))
    rules = versions[0].typed_rules
    current = Membership.objects.filter(program=program, tier__isnull=False).unmerged().order_by()
    members = dict(current.values_list("tier__name").annotate(members=Count("pk")))
    return {
        "program": program,
        "state": state_of(program),
        "members": f"{program.members:,}",
        "bound_to": [
            *program.zones.all(), *program.concepts.all(), *program.card_series.all(),
        ],
        "rules": rules,
        "enrolment": descriptions.describe_enrolment(rules),
        "earning": descriptions.describe_earning(rules),
        "tiers": [(tier, f"{members.get(tier.name, 0):,}") for tier in descriptions.describe_tiers(rules)],
        "redemption": descriptions.describe_redemption(rules, currency=currency),
        "returns": descriptions.describe_returns(rules),
        "trackers": descriptions.describe_trackers(rules),
        "versions": [
            (version, list(differences("", before.rules, version.rules)) if before else [])
            for version, before in zip(versions, [*versions[1:], None], strict=True)
        ],
    }  # fmt: skip
