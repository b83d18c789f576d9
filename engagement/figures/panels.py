"""The figures on the start page: tiles, charts, the members by tier and the stores, each number with a link to its rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html

from engagement.figures.charts import AMBER, ROSE, SHADE, TEAL, Chart, Series, make_chart
from engagement.figures.comparing import Change, compare, compare_shares, percent
from engagement.figures.models import ZERO
from engagement.figures.periods import Period
from engagement.figures.reading import Figures, TierCount
from engagement.numbers.display import format_money, format_points
from engagement.numbers.money import round_money
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import Tier
from organizations.back_office.tables import Table, number, strong, table
from organizations.tenancy.models import Organization

# Above it, money is shown without decimals.
_WHOLE_FROM: Final = 10_000
# The width of the smallest bar in percent, so that it can be seen.
_NARROWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure: its value as text and its unit, a note, the change since the period before, and the address of its rows."""

    title: str
    value: str
    link: str
    unit: str = ""
    note: str = ""
    change: Change | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A number as a bar in the middle of its row; `left` and `width` in percent."""

    label: str
    value: str
    width: int
    link: str
    note: str = ""

    @property
    def left(self) -> float:
        """Where the bar begins."""
        return (100 - self.width) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Pyramid:
    """The members of a program by tier, the highest first."""

    program: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the figures are shown for: the period, and one store (id) or all that the current user sees."""

    period: Period
    store_id: int | None

    def rows(self, model: str, days: str = "", store: str = "store", **filters: str) -> str:
        """The address of the list of a model, for the days of the period by the field `days`, and the store."""
        chosen = dict(filters)
        if days:
            chosen |= {f"{days}_from": self.period.first_day.isoformat(), f"{days}_to": self.period.last_day.isoformat()}
        if self.store_id is not None and store:
            chosen[store] = str(self.store_id)
        path = reverse(f"admin:{model}_changelist")
        return f"{path}?{urlencode(chosen)}" if chosen else path


def make_tiles(
    figures: Figures, shown: Shown, *, catalog: ProgramCatalog, organization: Organization, is_everywhere: bool
) -> list[Tile]:
    """The tiles. Expiry and what the points are worth belong to no store: only with `is_everywhere` they are shown."""
    return [*_customer_tiles(figures, shown, is_everywhere=is_everywhere), *_points_tiles(
        figures, shown, catalog=catalog, organization=organization, is_everywhere=is_everywhere
    )]  # fmt: skip


def _customer_tiles(figures: Figures, shown: Shown, *, is_everywhere: bool) -> Iterator[Tile]:
    now, before = figures.of(figures.period), figures.of(figures.period.before)
    yield Tile(
        title="Customers joined",
        value=f"{now.joined:,}",
        note=f"{before.joined:,} before",
        change=compare(now.joined, before.joined),
        link=shown.rows("customers_customer", "registered_on", "registered_store"),
    )
    # Who bought at a store may have registered at another one: there the bills are the rows.
    active = ("customers_customer", "bills__billed_at") if is_everywhere else ("engagement_bill", "billed_at")
    yield Tile(
        title="Active customers",
        value="–" if figures.active is None else f"{figures.active:,}",
        note="not counted yet" if figures.active is None else "bought at least once",
        change=compare(figures.active, figures.active_before),
        link=shown.rows(*active) if is_everywhere else shown.rows(*active, sales="customer"),
    )
    yield Tile(
        title="Bills with a customer",
        value="–" if now.share is None else percent(now.share),
        note=f"{now.customer_bills:,} of {now.bills:,} bills",
        change=compare_shares(now.share, before.share),
        link=shown.rows("engagement_bill", "billed_at", sales="customer"),
    )


def _points_tiles(
    figures: Figures, shown: Shown, *, catalog: ProgramCatalog, organization: Organization, is_everywhere: bool
) -> Iterator[Tile]:
    now, before = figures.of(figures.period), figures.of(figures.period.before)
    yield Tile(
        title="Redemption rate",
        value="–" if now.redemption_rate is None else percent(now.redemption_rate),
        note="of the points earned",
        change=compare_shares(now.redemption_rate, before.redemption_rate),
        link=shown.rows("engagement_redemption", "entry__occurred_at"),
    )
    kinds = [("earned", "good"), ("redeemed", "good"), ("expired", "")]
    for name, more_is in kinds if is_everywhere else kinds[:2]:
        points, points_before = getattr(now, name), getattr(before, name)
        yield Tile(
            title=f"Points {name}",
            value=f"{points:,.0f}",
            note=f"{points_before:,.0f} before",
            change=compare(points, points_before, more_is=more_is),
            link=shown.rows("engagement_pointsentry", "occurred_at", effect=name),
        )
    if is_everywhere:
        yield _liability_tile(figures.tiers, shown, catalog=catalog, organization=organization)
    else:
        yield Tile(
            title="Sales",
            value=show_money(now.sales),
            unit=organization.currency,
            note="less returns",
            change=compare(now.sales, before.sales),
            link=shown.rows("engagement_bill", "billed_at"),
        )


def _liability_tile(tiers: Sequence[TierCount], shown: Shown, *, catalog: ProgramCatalog, organization: Organization) -> Tile:
    points = sum((tier.points for tier in tiers), ZERO)
    worth = liability(tiers, catalog)
    return Tile(
        title="Points outstanding",
        value=f"{points:,.0f}" if worth is None else show_money(round_money(worth, organization.currency)),
        unit="" if worth is None else organization.currency,
        note="no program says what a point is worth" if worth is None else f"{points:,.0f} points, a liability",
        link=shown.rows("engagement_pointsaccount"),
    )


def liability(tiers: Sequence[TierCount], catalog: ProgramCatalog) -> Decimal | None:
    """The worth in money of all points that may be spent; None if no program says what a point is worth."""
    worths = {pk: current.rules.ratio for pk, current in catalog.by_id.items() if current.rules.ratio}
    if not worths:
        return None
    return sum((tier.points * worths.get(tier.program_id, ZERO) for tier in tiers), ZERO)


def show_money(amount: Decimal) -> str:
    """An amount, without decimals if it is large."""
    return f"{amount:,.0f}" if abs(amount) >= _WHOLE_FROM else format_money(amount)


def make_charts(figures: Figures, *, is_everywhere: bool) -> list[Chart]:
    """Points, registrations, and the share of bills with a customer, by day or week."""
    now, before = figures.of(figures.period), figures.of(figures.period.before)
    points = [
        Series("Earned", TEAL, lambda sums: sums.earned),
        Series("Redeemed", AMBER, lambda sums: sums.redeemed),
        *([Series("Expired", ROSE, lambda sums: sums.expired)] if is_everywhere else []),
    ]
    joined = [
        Series("Joined", TEAL, lambda sums: sums.joined),
        Series("Before", SHADE, lambda sums: sums.joined, kind="line", is_before=True),
    ]
    share = Series("Bills with a customer", TEAL, lambda sums: None if sums.share is None else sums.share * 100, kind="line")
    of_points = f"{now.earned:,.0f} points earned, {now.redeemed:,.0f} redeemed"
    return [
        make_chart("Points", of_points, points, figures),
        make_chart("Customers joined", f"{now.joined:,} joined; {before.joined:,} in the period before", joined, figures),
        make_chart(
            "Bills with a customer",
            f"{now.customer_bills:,} of {now.bills:,} bills have a customer",
            [share],
            figures,
            unit=", %",
        ),
    ]


def make_pyramids(tiers: Sequence[TierCount], shown: Shown, *, catalog: ProgramCatalog) -> list[Pyramid]:
    """A pyramid for each program that has tiers and members."""
    pyramids = (
        Pyramid(program=current.program.name, bars=_bars(current, tiers, shown))
        for current in catalog.by_id.values()
        if current.tiers
    )
    return [pyramid for pyramid in pyramids if any(bar.value != "0" for bar in pyramid.bars)]


def _bars(current: CurrentProgram, tiers: Sequence[TierCount], shown: Shown) -> list[Bar]:
    members: Mapping[int | None, int] = {tier.tier_id: tier.members for tier in tiers if tier.program_id == current.program.pk}
    known: Sequence[Tier] = current.tiers
    largest, total = max([1, *members.values()]), sum(members.values()) or 1
    return [
        Bar(
            label=tier.name,
            value=f"{members.get(tier.pk, 0):,}",
            note=percent(Decimal(members.get(tier.pk, 0)) / total),
            width=max(_NARROWEST, round(100 * members.get(tier.pk, 0) / largest)),
            link=shown.rows("engagement_membership", tier=str(tier.pk)),
        )
        for tier in reversed(known)
    ]


def make_stores_table(figures: Figures, shown: Shown, *, organization: Organization) -> Table:
    """The stores with the highest sales of the period."""

    def row(of: Shown, top: Any) -> tuple[Any, ...]:
        page = f"{reverse('admin:index')}?{urlencode({'days': of.period.days, 'store': top.store.pk})}"
        sums = top.sums
        return (
            _link(page, top.store.name),
            _link(of.rows("engagement_bill", "billed_at"), f"{show_money(sums.sales)} {organization.currency}"),
            _link(
                of.rows("engagement_bill", "billed_at", sales="customer"), "–" if sums.share is None else percent(sums.share)
            ),
            _link(of.rows("customers_customer", "registered_on", "registered_store"), f"{sums.joined:,}"),
        )

    return table(
        "Top stores",
        (strong("Store"), number("Sales"), number("With customer"), number("Joined")),
        [row(Shown(shown.period, top.store.pk), top) for top in figures.top_stores],
        empty="No bills in these days.",
    )


def describe_today(figures: Figures) -> str:
    """What came in since the period ended, in a sentence; "" for nothing."""
    today = sum(
        (sums for day, sums in figures.by_day.items() if day > figures.period.last_day), type(figures.of(figures.period))()
    )
    if not (today.joined or today.bills or today.earned):
        return ""
    return f"Today so far: {today.joined:,} joined, {today.bills:,} bills, {format_points(today.earned)} points earned."


def _link(address: str, text: str) -> Any:
    return format_html('<a class="bo-link" href="{}">{}</a>', address, text)
