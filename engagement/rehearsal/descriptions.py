"""The result of a rehearsal in words and columns, for the command and the back office. Pure functions."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from engagement.numbers.display import format_money, format_points


class Row(NamedTuple):
    """A figure by the rules of today and by the draft, and their difference with its sign ("" if they are equal)."""

    title: str
    today: str
    draft: str
    difference: str


_FIGURES: Final = (
    ("sales", "Bills"),
    ("earning_bills", "Bills that earn points"),
    ("issued", "Points issued"),
    ("gifts", "Points for reaching a tier"),
    ("taken_back", "Taken back by returns"),
    ("expired", "Expired by now"),
    ("left", "Left of these points"),
    ("outstanding", "Outstanding points of all members"),
)


def rows_of(result: Mapping[str, Any], *, currency: str) -> list[Row]:
    """The figures of both columns, in the order of a reader's questions."""
    today, draft = result["today"], result["draft"]
    rows = [_row(title, Decimal(today[name]), Decimal(draft[name])) for name, title in _FIGURES]
    worth = [Decimal(column["liability"]) for column in (today, draft)]
    rows.append(_row(f"Liability ({currency})", *worth, is_money=True))
    if today["not_computed"] or draft["not_computed"]:
        rows.append(_row("Bills whose points cannot be computed", *(Decimal(c["not_computed"]) for c in (today, draft))))
    return rows


def rule_rows(result: Mapping[str, Any]) -> list[Row]:
    """The points that each rule issued."""
    return [_row(row["rule"], Decimal(row["today"]), Decimal(row["draft"])) for row in result["rules"]]


def tier_rows(result: Mapping[str, Any]) -> list[Row]:
    """The members of each tier."""
    return [_row(row["tier"] or "no tier", Decimal(row["today"]), Decimal(row["draft"])) for row in result["tiers"]]


def headline(result: Mapping[str, Any], *, currency: str) -> str:
    """What the draft changes most, in a sentence."""
    today, draft = result["today"], result["draft"]
    more = Decimal(draft["issued"]) + Decimal(draft["gifts"]) - Decimal(today["issued"]) - Decimal(today["gifts"])
    worth = Decimal(draft["liability"]) - Decimal(today["liability"])
    moves = result["moves"]
    points = f"{format_points(abs(more))} points {'more' if more > 0 else 'fewer'}" if more else "as many points as now"
    money = f"{format_money(abs(worth))} {currency} {'higher' if worth > 0 else 'lower'}" if worth else "the same"
    return f"The draft issues {points}; the liability is {money}; {moves['up']:,} move up and {moves['down']:,} down."


def lines_of(result: Mapping[str, Any], *, program: str, currency: str) -> Iterator[str]:
    """The result as text, line by line."""
    yield f"{program}: bills from {result['since']} on, {result['customers']:,} customers. Nothing was written."
    yield headline(result, currency=currency)
    yield from _table("", rows_of(result, currency=currency))
    yield from _table("Points by rule", rule_rows(result))
    yield from _table("Members by tier", tier_rows(result))
    for mover in result["movers"]:
        yield f"customer {mover['customer']}: {mover['today'] or 'no tier'} -> {mover['draft'] or 'no tier'}"


def _table(title: str, rows: list[Row]) -> Iterator[str]:
    if not rows:
        return
    shown = [Row(title, "today", "draft", "difference"), *rows]
    widths = [max(len(row[column]) for row in shown) for column in range(4)]
    yield ""
    for row in shown:
        cells = [row.title.ljust(widths[0]), *(row[column].rjust(widths[column]) for column in (1, 2, 3))]
        yield "  ".join(cells).rstrip()


def _row(title: str, today: Decimal, draft: Decimal, *, is_money: bool = False) -> Row:
    write = format_money if is_money else format_points
    difference = draft - today
    sign = "+" if difference > 0 else ""
    return Row(title, write(today), write(draft), f"{sign}{write(difference)}" if difference else "")
