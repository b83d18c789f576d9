"""The ladders of `programs.yaml` and of the shop's own file once more, as a table: what the reckoning goes by.

Each line restates one tier in words of the contract (organization.md). Nothing of the product reads it.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Asked:
    """Conditions, `(figure, threshold)` each, and alternatives: sets of positions, one of which must be met as a whole."""

    conditions: tuple[tuple[str, int], ...]
    alternatives: tuple[tuple[int, ...], ...]


def asks(figure: str, threshold: int) -> Asked:
    return Asked(((figure, threshold),), ((1,),))


@dataclass(frozen=True)
class Tier:
    """A tier: how it is reached, how long it lasts, how it is kept, and where it leads.

    `lasts` is `(unit, number)`: so many months, or until the end of the month or year that is so many later.
    """

    name: str
    reached: Asked | None = None
    lasts: tuple[str, int] | None = None
    kept: Asked | None = None
    grace: int = 0
    leads_to: str = "none"


@dataclass(frozen=True)
class Earning:
    """Whole points for each so many dollars, for members of some tiers or of all; good for so many days, or for ever."""

    dollars: int
    points: int
    good_days: int | None = None
    tiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Window:
    """A tracker: what it adds up (AMOUNT, VISITS, POINTS), and where its window begins.

    `kind` is MOVING or CYCLIC with `days`, CYCLIC counted from `start`; CALENDAR with `months`; CHANGE since the last change.
    """

    adds: str
    kind: str
    days: int = 0
    start: date = date.min
    months: int = 0


@dataclass(frozen=True)
class Ladder:
    """The tiers of a program, lowest first, what its members earn, and its trackers by name."""

    tiers: tuple[Tier, ...]
    earning: tuple[Earning, ...] = ()
    windows: tuple[tuple[str, Window], ...] = ()


REWARDS = Ladder(
    earning=(Earning(dollars=1, points=1),),
    tiers=(
        Tier("Listener"),
        Tier("Fan", reached=asks("PURCHASES", 200)),
        Tier("Collector", reached=asks("PURCHASES", 1000)),
    ),
)

# Purchases lift; purchases or visits keep; every way down, with grace.
RECORDS = Ladder(
    tiers=(
        Tier("Single"),
        Tier(
            "Album",
            reached=asks("PURCHASES", 50),
            lasts=("months", 3),
            kept=Asked((("AMOUNT", 40), ("VISITS", 2)), ((1,), (2,))),
            grace=20,
            leads_to="previous",
        ),
        Tier(
            "Box set",
            reached=asks("PURCHASES", 150),
            lasts=("months", 6),
            kept=Asked((("AMOUNT", 100), ("VISITS", 2)), ((1, 2),)),
            grace=45,
            leads_to="previous",
        ),
        Tier(
            "Catalog",
            reached=asks("PURCHASES", 400),
            lasts=("months", 4),
            kept=Asked((("AMOUNT", 250), ("VISITS", 6)), ((1,), (2,))),
            leads_to="fitting",
        ),
        Tier(
            "Archive",
            reached=asks("PURCHASES", 1200),
            lasts=("months", 3),
            kept=Asked((("AMOUNT", 700),), ((1,),)),
            grace=30,
            leads_to="fitting",
        ),
    ),
)

# Points lift, some of which expire and some of which only members of higher tiers earn; validities end with the calendar.
ENCORE = Ladder(
    earning=(
        Earning(dollars=1, points=1, good_days=120),
        Earning(dollars=10, points=3, good_days=60, tiers=("Song", "Opera", "Ring")),
    ),
    tiers=(
        Tier("Hum"),
        Tier(
            "Song",
            reached=asks("LIFETIME_POINTS", 40),
            lasts=("end of month", 2),
            kept=Asked((("AMOUNT", 30), ("VISITS", 2), ("POINTS", 45)), ((1, 2), (1, 3), (2, 3))),
            leads_to="previous",
        ),
        Tier(
            "Opera",
            reached=asks("CURRENT_POINTS", 120),
            lasts=("end of year", 0),
            kept=Asked((("VISITS", 3), ("AMOUNT", 100), ("POINTS", 150)), ((1, 2), (3,))),
            grace=25,
            leads_to="lowest",
        ),
        Tier(
            "Ring",
            reached=Asked((("LIFETIME_POINTS", 600), ("PURCHASES", 500)), ((1, 2),)),
            lasts=("end of year", 1),
            leads_to="none",
        ),
    ),
)

# Trackers with every kind of window lift and keep.
TOUR = Ladder(
    earning=(Earning(dollars=2, points=1),),
    windows=(
        ("sixty days", Window("AMOUNT", "MOVING", days=60)),
        ("quarter", Window("VISITS", "CALENDAR", months=3)),
        ("cycle", Window("AMOUNT", "CYCLIC", days=45, start=date(1996, 12, 15))),
        ("since the change", Window("AMOUNT", "CHANGE")),
        ("year", Window("POINTS", "CALENDAR", months=12)),
    ),
    tiers=(
        Tier("Street"),
        Tier(
            "Hall",
            reached=asks("sixty days", 45),
            lasts=("months", 2),
            kept=Asked((("quarter", 2), ("sixty days", 40)), ((1,), (2,))),
            grace=10,
            leads_to="previous",
        ),
        Tier(
            "Arena",
            reached=Asked((("cycle", 90), ("quarter", 3), ("PURCHASES", 150)), ((1, 2), (1, 3), (2, 3))),
            lasts=("end of month", 1),
            kept=asks("since the change", 60),
            leads_to="fitting",
        ),
        Tier(
            "Stadium",
            reached=Asked((("quarter", 5), ("sixty days", 250), ("year", 100)), ((1, 3), (2, 3))),
            lasts=("end of year", 0),
            kept=asks("year", 200),
            leads_to="previous",
        ),
    ),
)

LADDERS = {"CDNOW Rewards": REWARDS, "Records": RECORDS, "Encore": ENCORE, "Tour": TOUR}
