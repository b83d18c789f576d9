"""The tiles of the start page: a figure each, beside that of the period before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext, gettext_noop

from engagement.figures.comparing import Change, compare, compare_shares, percent
from engagement.figures.models import ZERO
from engagement.figures.reading import Figures, TierCount
from engagement.figures.shown import Shown, show_money
from engagement.numbers.money import round_money
from engagement.programs.catalog import ProgramCatalog
from loyalty_project.translation import format_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A figure: its value as text and its unit, a note, the change since the period before, and the address of its rows."""

    title: str
    value: str
    link: str
    unit: str = ""
    note: str = ""
    change: Change | None = None


def make_tiles(figures: Figures, shown: Shown, *, catalog: ProgramCatalog) -> list[Tile]:
    """The tiles. Expiry, and what the points are worth, belong to no store."""
    return [*_customer_tiles(figures, shown), *_points_tiles(figures, shown), _money_tile(figures, shown, catalog)]


def _customer_tiles(figures: Figures, shown: Shown) -> Iterator[Tile]:
    now, before = figures.of(figures.period), figures.of(figures.period.before)
    yield Tile(
        title=gettext_noop("Customers joined"),
        value=format_number(now.joined),
        note=gettext("%(number)s before") % {"number": format_number(before.joined)},
        change=compare(now.joined, before.joined),
        link=shown.rows("customers_customer", "registered_on", "registered_store"),
    )
    # Who bought at a store may have registered at another one: there the bills are the rows.
    active = ("customers_customer", "bills__billed_at") if shown.is_everywhere else ("engagement_bill", "billed_at")
    yield Tile(
        title=gettext_noop("Active customers"),
        value="–" if figures.active is None else format_number(figures.active),
        note=gettext("not counted yet") if figures.active is None else gettext("bought at least once"),
        change=compare(figures.active, figures.active_before),
        link=shown.rows(*active) if shown.is_everywhere else shown.rows(*active, sales="customer"),
    )
    yield Tile(
        title=gettext_noop("Bills with a customer"),
        value="–" if now.share is None else percent(now.share),
        note=gettext("%(number)s of %(all)s bills")
        % {"number": format_number(now.customer_bills), "all": format_number(now.bills)},
        change=compare_shares(now.share, before.share),
        link=shown.rows("engagement_bill", "billed_at", sales="customer"),
    )


def _points_tiles(figures: Figures, shown: Shown) -> Iterator[Tile]:
    now, before = figures.of(figures.period), figures.of(figures.period.before)
    yield Tile(
        title=gettext_noop("Redemption rate"),
        value="–" if now.redemption_rate is None else percent(now.redemption_rate),
        note=gettext("of the points earned"),
        change=compare_shares(now.redemption_rate, before.redemption_rate),
        link=shown.rows("engagement_redemption", "entry__occurred_at"),
    )
    kinds = [
        ("earned", gettext_noop("Points earned"), "good"),
        ("redeemed", gettext_noop("Points redeemed"), "good"),
        ("expired", gettext_noop("Points expired"), ""),
    ]
    for name, title, more_is in kinds if shown.is_everywhere else kinds[:2]:
        points, points_before = getattr(now, name), getattr(before, name)
        yield Tile(
            title=title,
            value=format_number(points, 0),
            note=gettext("%(number)s before") % {"number": format_number(points_before, 0)},
            change=compare(points, points_before, more_is=more_is),
            link=shown.rows("engagement_pointsentry", "occurred_at", effect=name),
        )


def _money_tile(figures: Figures, shown: Shown, catalog: ProgramCatalog) -> Tile:
    """What all points are worth; at stores their sales."""
    if not shown.is_everywhere:
        now, before = figures.of(figures.period), figures.of(figures.period.before)
        return Tile(
            title=gettext_noop("Sales"),
            value=show_money(now.sales),
            unit=shown.currency,
            note=gettext("less returns"),
            change=compare(now.sales, before.sales),
            link=shown.rows("engagement_bill", "billed_at"),
        )
    points, worth = sum((tier.points for tier in figures.tiers), ZERO), liability(figures.tiers, catalog)
    return Tile(
        title=gettext_noop("Points outstanding"),
        value=format_number(points, 0) if worth is None else show_money(round_money(worth, shown.currency)),
        unit="" if worth is None else shown.currency,
        note=gettext("no program says what a point is worth")
        if worth is None
        else gettext("%(points)s points, a liability") % {"points": format_number(points, 0)},
        link=shown.rows("engagement_pointsaccount"),
    )


def liability(tiers: Sequence[TierCount], catalog: ProgramCatalog) -> Decimal | None:
    """The worth in money of all points that may be spent; None if no program says what a point is worth."""
    worths = {pk: current.rules.ratio for pk, current in catalog.by_id.items() if current.rules.ratio}
    if not worths:
        return None
    return sum((tier.points * worths.get(tier.program_id, ZERO) for tier in tiers), ZERO)
