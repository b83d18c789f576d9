"""What tills know of their organization, from its file: credentials, stores, coupon series, and the program's rules."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from demo.tills.sales import SOLD

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KNOWN_CONDITIONS: Final = {"min_amount", "concepts", "weekdays"}
_KNOWN_RULE: Final = {"name", "when", "award", "kind", "expiry", "max_points"}


class NoTillsError(Exception):
    """The organization file cannot be read, or names no till with a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TillAccount:
    """A till with what it sends in place of its password, its store and the store's concept."""

    code: str
    digest: str
    store: str
    concept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A coupon series: `stores` are those that take its coupons (none: all), `uses` those of each coupon (0: any number)."""

    code: str
    uses: int
    stores: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The default program as customers read it."""

    enrolment: Decimal
    earning: Sequence[Mapping[str, Any]]
    least_points: int
    multiple_of: int

    def published_points(self, amount: Decimal, *, concept: str, at: datetime) -> Decimal | None:
        """Points for a sale by the published rules; None if they have a form that is not known here."""
        total = Decimal(0)
        for rule in self.earning:
            points = _points_of(rule, amount, concept=concept, at=at)
            if points is None:
                return None
            total += points
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Shops:
    """An organization as its tills know it."""

    name: str
    zone: ZoneInfo
    tills: Sequence[TillAccount]
    series: Sequence[Series]
    program: Program | None


def read_shops(path: Path) -> Shops:
    """Read an organization file (docs/organization-file.md). Raises NoTillsError."""
    try:
        document = YAML(typ="safe", pure=True).load(path)
        organization = document["organization"]
        tills = [
            TillAccount(
                code=till["code"],
                # A till sends this in place of its password (docs/protocol.md 1.8).
                digest=hashlib.md5(till["password"].encode(), usedforsecurity=False).hexdigest(),
                store=store["code"],
                concept=store.get("concept", ""),
            )
            for store in document.get("stores", ())
            for till in store.get("tills", ())
            if "password" in till
        ]
        shops = Shops(
            name=organization["name"],
            zone=ZoneInfo(organization["timezone"]),
            tills=tills,
            series=[_series(given) for given in document.get("coupon_series", ())],
            program=next((_program(given) for given in document.get("programs", ()) if given.get("default")), None),
        )
    except (OSError, YAMLError, KeyError, TypeError, AttributeError) as error:
        raise NoTillsError(f"{path} cannot be read as an organization file: {error!r}") from error
    if not shops.tills:
        raise NoTillsError(f"{path} has no till with a password.")
    return shops


def _series(given: Mapping[str, Any]) -> Series:
    return Series(code=given["code"], uses=given.get("redemptions_per_coupon") or 0, stores=frozenset(given.get("stores", ())))


def _program(given: Mapping[str, Any]) -> Program:
    redemption = given.get("redemption", {})
    return Program(
        enrolment=Decimal(str(given.get("enrolment", {}).get("points", 0))),
        earning=given.get("earning", ()),
        least_points=int(redemption.get("min_points", 1)),
        multiple_of=int(redemption.get("multiple_of", 1)),
    )


def _points_of(rule: Mapping[str, Any], amount: Decimal, *, concept: str, at: datetime) -> Decimal | None:
    when, award = rule.get("when", {}), rule["award"]
    included = when.get("items", {}).get("include", ())
    if included and not SOLD & set(included):
        return Decimal(0)
    if set(rule) - _KNOWN_RULE or set(when) - _KNOWN_CONDITIONS:
        return None
    if amount < Decimal(str(when.get("min_amount", 0))):
        return Decimal(0)
    if concept not in when.get("concepts", [concept]) or _WEEKDAYS[at.weekday()] not in when.get("weekdays", _WEEKDAYS):
        return Decimal(0)
    if set(award) == {"per", "points"}:
        points = amount * Decimal(str(award["points"])) / Decimal(str(award["per"]))
    elif set(award) == {"percent"}:
        points = amount * Decimal(str(award["percent"])) / 100
    else:
        return None
    points = points.to_integral_value(ROUND_FLOOR)
    return min(points, Decimal(str(rule["max_points"]))) if "max_points" in rule else points
