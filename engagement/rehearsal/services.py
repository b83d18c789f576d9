"""Rehearsal of a draft of a program's rules on the bills of the last days, beside the rules of today. Nothing is written."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count

from engagement.numbers.money import round_money
from engagement.points.figures import read_figures
from engagement.programs.catalog import current_catalog
from engagement.programs.models import Membership, Program, Tier
from engagement.programs.rules import ProgramRules
from engagement.rehearsal.history import Places, count_bills, customers_of, read_history
from engagement.rehearsal.outcome import Comparison
from engagement.rehearsal.replaying import Replay
from loyalty_project import clock
from loyalty_project.protocol.moments import from_wall
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.fields.models import FieldDefinition
from organizations.tenancy.models import Organization

USUAL_DAYS: Final = 90
MOST_DAYS: Final = 3650
# Customers whose bills are in memory at once.
CUSTOMERS_AT_ONCE: Final = 500

# Called after each part with the number of bills that are done, and that of all.
Progress = Callable[[int, int], None]


def _ignore(_done: int, _all: int) -> None:
    """No progress is shown."""


def rehearse(
    program: Program,
    draft: Mapping[str, Any],
    *,
    days: int = USUAL_DAYS,
    organization: Organization,
    now: datetime | None = None,
    progress: Progress = _ignore,
) -> Comparison:
    """Replay the bills of the last `days` by the rules of today and by `draft`, rules as a version stores them.

    Memory holds the bills of 500 customers at a time. Rows are only read, in the scope of the organization, and no
    bill of a later moment is. What is left out: docs/operating.md, "Rehearsing rules".
    """
    until = now or clock.now()
    first_day = until.astimezone(organization.zone).date() - timedelta(days=days)
    since = from_wall(datetime.combine(first_day, time.min), organization.zone)
    tiers = list(Tier.objects.filter(program=program))
    # What a replay makes is never stored.
    by = Actor(organization=organization, source=AuditEntry.Source.COMMAND, name="system:rehearsal")
    fields = list(FieldDefinition.objects.filter(category__in=("custom", "extended")).order_by("category", "pk"))
    current = current_catalog().by_id[program.pk]
    today, drafted = (
        Replay.of_rules(
            rules,
            program=current.program,
            tiers=tiers,
            fields=fields,
            organization=organization,
            by=by,
            since=since,
            until=until,
        )
        for rules in (current.version.rules, draft)
    )
    comparison = _begin(program, today.current.rules, drafted.current.rules, currency=organization.currency)
    comparison.since, comparison.until = first_day, until
    places = Places.read()
    rules = [*today.current.rules.earning, *drafted.current.rules.earning]
    total, done = count_bills(since=since, until=until), 0
    for ids in customers_of(program, since=since, until=until, size=CUSTOMERS_AT_ONCE):
        history = read_history(
            ids, program=program, places=places, rules=rules, since=since, until=until, zone=organization.zone
        )
        by_today, by_draft = (
            replay.run(history, outcome)
            for replay, outcome in ((today, comparison.today), (drafted, comparison.draft))
        )  # fmt: skip
        for customer_id, member in history.members.items():
            comparison.count_tiers(customer_id, now=member.tier_now, today=by_today[customer_id], draft=by_draft[customer_id])
        comparison.customers += len(history.members)
        done += len(history.bills)
        progress(min(done, total), total)
    return comparison


def _begin(program: Program, today: ProgramRules, draft: ProgramRules, *, currency: str) -> Comparison:
    figures = read_figures(program, ratio=today.ratio, currency=currency)
    counted = dict(
        Membership.objects.filter(program=program).unmerged().order_by().values_list("tier__name").annotate(all=Count("pk"))
    )
    comparison = Comparison(
        since=clock.now().date(),
        until=clock.now(),
        today_worth=today.ratio,
        draft_worth=draft.ratio,
        # By the draft's order; tiers that it no longer has are below it.
        tiers=list(_tier_order(today, draft)),
        today_lowest=today.tiers[0].name if today.tiers else "",
        draft_lowest=draft.tiers[0].name if draft.tiers else "",
        outstanding=figures.outstanding + figures.promised,
    )
    comparison.count_members({name or "": members for name, members in counted.items()})
    return comparison


def _tier_order(today: ProgramRules, draft: ProgramRules) -> Iterator[str]:
    kept = [tier.name for tier in draft.tiers]
    yield from (tier.name for tier in today.tiers if tier.name not in kept)
    yield from kept


def result_of(comparison: Comparison, *, currency: str) -> dict[str, Any]:
    """The comparison as JSON, with money in the organization's currency."""

    def worth(amount: Decimal) -> Decimal:
        return round_money(amount, currency)

    return comparison.as_json(worth)
