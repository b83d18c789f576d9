"""The refresh of the figures: counts the days anew that have changed since, in steps of short transactions."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction

from engagement.figures.models import FiguresRefresh
from engagement.figures.periods import Period, periods_of, runs_of
from engagement.figures.sql import ALL_DAYS, CHANGED_DAYS, COUNT_ACTIVE, COUNT_DAYS, COUNT_POINTS, COUNT_TIERS, MARKS
from loyalty_project import clock
from loyalty_project.db.locks import lock_values
from loyalty_project.db.whole_reads import join_whole_sets
from organizations.locations.models import Store
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.statements import fetch_rows, fetch_written_rows

# What was under way while the last refresh looked is seen by the next one, if it had begun no longer before. What takes longer
# is seen by the nightly refresh of all days.
OVERLAP: Final = timedelta(hours=1)
# How long it is noted what a refresh has seen, at least.
_KEPT: Final = timedelta(days=2)
# Days that are counted in one transaction.
LONGEST_RUN: Final = 92
_MARKS: Final = ("last_customer", "last_bill", "last_entry", "last_audit")


class Refreshed(NamedTuple):
    """Numbers of days that were counted anew, and of figures that differed."""

    days: int
    changed: int


def refresh_figures(organization: Organization, *, complete: bool = False) -> Refreshed:
    """Bring the figures up to date: days with new rows, of any date; with `complete` every day. Call it in the scope.

    It may run beside everything, itself included: what two of them count is the same, and they take turns. One that is killed
    leaves figures that the next one brings up to date. Raises `django.db.Error`; what was counted before stays.
    """
    started_at = clock.now()
    marks = dict(zip(_MARKS, fetch_rows(MARKS, {})[0], strict=True))
    last, base = _refreshes_before()
    is_other_zone = any(refresh is not None and refresh.timezone != organization.timezone for refresh in (last, base))
    is_complete = complete or base is None or is_other_zone
    zone = {"zone": organization.timezone}
    if base is None or is_complete:
        runs = _all_runs(zone)
    else:
        seen = {name: getattr(base, name) for name in _MARKS}
        days = fetch_rows(CHANGED_DAYS, {**zone, **seen, "seen_at": base.started_at})
        runs = list(runs_of((day for (day,) in days), longest=LONGEST_RUN))
    changed = sum(_count(run, zone, COUNT_DAYS, COUNT_POINTS, organization=organization) for run in runs)
    changed += _count_now(started_at.astimezone(organization.zone).date(), zone, organization=organization)
    refreshed = Refreshed(days=sum(run.days for run in runs), changed=changed)
    _note(organization, started_at=started_at, is_complete=is_complete, days=refreshed.days, marks=marks, base=base)
    return refreshed


def was_completed_since(moment: datetime) -> bool:
    """True if every day of the scope's organization was counted anew since then. One query."""
    return FiguresRefresh.objects.filter(is_complete=True, started_at__gte=moment).exists()


def _refreshes_before() -> tuple[FiguresRefresh | None, FiguresRefresh | None]:
    """The last refresh, and the newest before which all that was under way during the last one had not begun."""
    refreshes = FiguresRefresh.objects.order_by("-pk")
    last = refreshes.first()
    return last, refreshes.filter(started_at__lte=last.started_at - OVERLAP).first() if last else None


def _all_runs(zone: Mapping[str, Any]) -> list[Period]:
    first, last = fetch_rows(ALL_DAYS, zone)[0]
    return [] if first is None else list(Period(first, last).parts(LONGEST_RUN))


@transaction.atomic
def _count(run: Period, zone: Mapping[str, Any], *statements: str, organization: Organization) -> int:
    """Count the days anew; the number of figures that differed.

    Others wait until they are stored, so that nobody writes what was counted earlier over what was counted later.
    """
    lock_values([("figures", organization.pk)])
    join_whole_sets()
    since, until = run.moments()
    values = {**zone, "since": since, "until": until, "first_day": run.first_day, "last_day": run.last_day}
    return sum(int(fetch_written_rows(statement, values)[0][0]) for statement in statements)


@transaction.atomic
def _count_now(today: date, zone: Mapping[str, Any], *, organization: Organization) -> int:
    """Count what is not a sum of days: who was active in the periods that ended yesterday, and tiers with their points."""
    lock_values([("figures", organization.pk)])
    join_whole_sets()
    periods = periods_of(today - timedelta(days=1))
    since, until = Period(min(period.first_day for period in periods), today).moments()
    active = {
        **zone,
        "since": since,
        "until": until,
        "first_days": [period.first_day for period in periods],
        "last_days": [period.last_day for period in periods],
        "stores": [json.dumps(stores) for stores in _sets_of_stores()],
    }
    counted = fetch_written_rows(COUNT_ACTIVE, active)[0][0] + fetch_written_rows(COUNT_TIERS, {})[0][0]
    return int(counted)


def _sets_of_stores() -> list[list[int]]:
    """What figures are shown for: all stores, each of them, and those that a member of staff is limited to together."""
    links = StaffMember.stores.through._default_manager.filter(store__in=Store.objects.all())
    of_member: dict[int, set[int]] = {}
    for member_id, store_id in links.values_list("staffmember_id", "store_id"):
        of_member.setdefault(member_id, set()).add(store_id)
    single = {(pk,) for pk in Store.objects.order_by().values_list("pk", flat=True)}
    together = {tuple(sorted(stores)) for stores in of_member.values()}
    return [list(stores) for stores in sorted({(), *single, *together})]


def _note(
    organization: Organization,
    *,
    started_at: datetime,
    is_complete: bool,
    days: int,
    marks: Mapping[str, int],
    base: FiguresRefresh | None,
) -> None:
    """Note what was seen, for the next refresh; notes that none will need are deleted."""
    FiguresRefresh.objects.create(
        organization=organization,
        started_at=started_at,
        finished_at=clock.now(),
        timezone=organization.timezone,
        is_complete=is_complete,
        days=days,
        **marks,
    )
    if base is not None:
        FiguresRefresh.objects.filter(pk__lt=base.pk, started_at__lt=started_at - _KEPT).delete()
