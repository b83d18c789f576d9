"""Charts, the members by tier and the stores on the start page, each number with a link to its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from engagement.figures.charts import AMBER, ROSE, SHADE, TEAL, Chart, Series, make_chart
from engagement.figures.comparing import percent
from engagement.figures.reading import Figures, Sums, TierCount, TopStore
from engagement.figures.shown import Shown, show_money
from engagement.numbers.display import format_points
from engagement.programs.catalog import CurrentProgram, ProgramCatalog
from engagement.programs.models import Tier
from loyalty_project.translation import format_number
from organizations.back_office.tables import Table, number, strong, table

# The width of the smallest bar in percent, so that it can be seen.
_NARROWEST: Final = 2


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


def make_charts(figures: Figures, shown: Shown) -> list[Chart]:
    """Points, registrations, and the share of bills with a customer, by day or week."""
    now, before = figures.of(figures.period), figures.of(figures.period.before)
    points = [
        Series("Earned", TEAL, lambda sums: sums.earned),
        Series("Redeemed", AMBER, lambda sums: sums.redeemed),
        *([Series("Expired", ROSE, lambda sums: sums.expired)] if shown.is_everywhere else []),
    ]
    joined = [
        Series("Joined", TEAL, lambda sums: sums.joined),
        Series("Before", SHADE, lambda sums: sums.joined, kind="line", is_before=True),
    ]
    share = Series("Bills with a customer", TEAL, lambda sums: None if sums.share is None else sums.share * 100, kind="line")
    of_points = gettext("%(earned)s points earned, %(redeemed)s redeemed") % {
        "earned": format_number(now.earned, 0),
        "redeemed": format_number(now.redeemed, 0),
    }
    return [
        make_chart("Points", of_points, points, figures),
        make_chart(
            "Customers joined",
            gettext("%(joined)s joined; %(before)s in the period before")
            % {"joined": format_number(now.joined), "before": format_number(before.joined)},
            joined,
            figures,
        ),
        make_chart(
            "Bills with a customer",
            gettext("%(customer_bills)s of %(bills)s bills have a customer")
            % {"customer_bills": format_number(now.customer_bills), "bills": format_number(now.bills)},
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
            value=format_number(members.get(tier.pk, 0)),
            note=percent(Decimal(members.get(tier.pk, 0)) / total),
            width=max(_NARROWEST, round(100 * members.get(tier.pk, 0) / largest)),
            link=shown.rows("engagement_membership", tier=str(tier.pk)),
        )
        for tier in reversed(known)
    ]


def make_stores_table(figures: Figures, shown: Shown) -> Table:
    """The stores with the highest sales of the period."""

    def row(of: Shown, top: TopStore) -> tuple[Any, ...]:
        page = f"{reverse('admin:index')}?{urlencode({'days': of.period.days, 'store': top.store.pk})}"
        sums = top.sums
        return (
            _link(page, top.store.name),
            _link(of.rows("engagement_bill", "billed_at"), f"{show_money(sums.sales)} {shown.currency}"),
            _link(
                of.rows("engagement_bill", "billed_at", sales="customer"), "–" if sums.share is None else percent(sums.share)
            ),
            _link(of.rows("customers_customer", "registered_on", "registered_store"), format_number(sums.joined)),
        )

    return table(
        "Top stores",
        (strong("Store"), number("Sales"), number("With customer"), number("Joined")),
        [row(replace(shown, store_id=top.store.pk), top) for top in figures.top_stores],
        empty="No bills in these days.",
    )


def describe_today(figures: Figures) -> str:
    """What came in since the period ended, in a sentence; "" for nothing."""
    today = sum((sums for day, sums in figures.by_day.items() if day > figures.period.last_day), Sums())
    if not (today.joined or today.bills or today.earned):
        return ""
    bills = ngettext("%(bills)s bill", "%(bills)s bills", today.bills) % {"bills": format_number(today.bills)}
    return gettext("Today so far: %(joined)s joined, %(bills)s, %(earned)s points earned.") % {
        "joined": format_number(today.joined),
        "bills": bills,
        "earned": format_points(today.earned),
    }


def _link(address: str, text: str) -> Any:
    return format_html('<a class="bo-link" href="{}">{}</a>', address, text)
