"""Figures of a period as the start page shows them, read from the tables that the refresh fills."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum

from engagement.figures.models import ZERO, ActiveCustomers, DayFigures, FiguresRefresh, PointsFigures, TierFigures
from engagement.figures.periods import Period
from organizations.locations.models import Store

TOP_STORES: Final = 5
_OF_DAYS: Final = ("joined", "bills", "customer_bills", "sales")
_OF_POINTS: Final = ("earned", "redeemed", "expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Figures of some days together."""

    joined: int = 0
    bills: int = 0
    customer_bills: int = 0
    sales: Decimal = ZERO
    earned: Decimal = ZERO
    redeemed: Decimal = ZERO
    expired: Decimal = ZERO

    def __add__(self, other: Self) -> "Sums":
        return Sums(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    @property
    def share(self) -> Decimal | None:
        """The part of the bills that have a customer; None without bills."""
        return Decimal(self.customer_bills) / self.bills if self.bills else None

    @property
    def redemption_rate(self) -> Decimal | None:
        """The points redeemed for each point earned; None if none were earned."""
        return self.redeemed / self.earned if self.earned > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopStore:
    """A store with its figures of the period."""

    store: Store
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCount:
    """Members of a tier of a program (ids; None: without a tier) and the points that they hold."""

    program_id: int
    tier_id: int | None
    members: int
    points: Decimal
    promised: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of a period and of that before it; `active` is None if they were not counted for these stores yet."""

    period: Period
    by_day: Mapping[date, Sums]
    active: int | None
    active_before: int | None
    tiers: Sequence[TierCount]
    top_stores: Sequence[TopStore] = field(default=())

    def of(self, period: Period) -> Sums:
        """The sums of the days of a part of the period, or of that before it."""
        return sum((sums for day, sums in self.by_day.items() if day in period), Sums())


def last_refresh() -> FiguresRefresh | None:
    """The refresh that the figures are of; None before the first. One query."""
    return FiguresRefresh.objects.order_by("-pk").first()


def last_whole_day(refresh: FiguresRefresh) -> date:
    """The day before the refresh: the last one that the figures have whole."""
    today = refresh.started_at.astimezone(ZoneInfo(refresh.timezone)).date()
    return date.fromordinal(today.toordinal() - 1)


def read_figures(period: Period, *, stores: Collection[int]) -> Figures:
    """The figures of the period and that before it, at these stores (ids; none: everywhere). Five queries at most.

    The days after the period, of which the last refresh has a part, are among `by_day`.
    """
    at = Q(store__in=stores) if stores else Q()
    since = period.before.first_day
    by_day: dict[date, dict[str, Any]] = {}
    sources: list[tuple[QuerySet[Any], tuple[str, ...]]] = [
        (DayFigures.objects.filter(at, day__gte=since), _OF_DAYS),
        (PointsFigures.objects.filter(at, day__gte=since), _OF_POINTS),
    ]
    for rows, columns in sources:
        for day, *sums in rows.order_by().values_list("day").annotate(*map(Sum, columns)):
            by_day.setdefault(day, {}).update(zip(columns, sums, strict=True))
    active = {
        row.last_day: row.customers
        for row in ActiveCustomers.objects.filter(stores=sorted(stores)).filter(
            Q(first_day=period.first_day, last_day=period.last_day)
            | Q(first_day=period.before.first_day, last_day=period.before.last_day)
        )
    }
    return Figures(
        period=period,
        by_day={day: Sums(**sums) for day, sums in by_day.items()},
        active=active.get(period.last_day),
        active_before=active.get(period.before.last_day),
        tiers=_tiers(at),
        top_stores=() if len(stores) == 1 else _top_stores(period, at),
    )


def _tiers(at: Q) -> list[TierCount]:
    columns = ("members", "points", "promised")
    rows = TierFigures.objects.filter(at).order_by("program", "tier").values_list("program", "tier")
    return [
        TierCount(program_id=program_id, tier_id=tier_id, members=members, points=points, promised=promised)
        for program_id, tier_id, members, points, promised in rows.annotate(*map(Sum, columns))
    ]


def _top_stores(period: Period, at: Q) -> list[TopStore]:
    rows = DayFigures.objects.filter(at, day__range=(period.first_day, period.last_day), store__isnull=False)
    sums: Any = rows.order_by().values_list("store").annotate(*map(Sum, _OF_DAYS))
    best = {
        pk: Sums(**dict(zip(_OF_DAYS, of_store, strict=True)))
        for pk, *of_store in sums.order_by("-sales__sum", "store")[:TOP_STORES]
    }
    stores = Store.objects.in_bulk(list(best)) if best else {}
    return [TopStore(store=stores[pk], sums=of_store) for pk, of_store in best.items()]
