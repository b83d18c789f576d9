"""Catalog of an organization's coupon series with all versions of their terms: a part of its configuration."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from engagement.coupons.models import CouponSeries, CouponSeriesVersion
from engagement.coupons.rules import SeriesTerms
from loyalty_project import clock
from loyalty_project.protocol.values import read_id
from organizations.configuration import current_configuration
from organizations.tenancy.models import Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSeries:
    """A series with the newest version of its terms."""

    series: CouponSeries
    version: CouponSeriesVersion

    @property
    def terms(self) -> SeriesTerms:
        """The terms of the newest version."""
        return self.version.typed_terms


class SeriesCatalog:
    """The series of one organization by id and by name, and the terms of every version."""

    def __init__(self, versions: Iterable[CouponSeriesVersion]) -> None:
        self.by_id: dict[int, CurrentSeries] = {}
        # Terms by the id of the version: a coupon keeps those under which it was issued.
        self.terms: dict[int, SeriesTerms] = {}
        for version in sorted(versions, key=lambda version: version.number):
            self.by_id[version.series_id] = CurrentSeries(series=version.series, version=version)
            self.terms[version.pk] = version.typed_terms
        self.by_code = {current.series.code: current for current in self.by_id.values()}
        self._by_external_id = {
            current.series.external_id: current
            for current in self.by_id.values()
            if current.series.external_id is not None
        }  # fmt: skip

    def named(self, name: str) -> CurrentSeries | None:
        """The series of an external id, of our own id, or of a code, tried in this order; None for an unknown one."""
        number = read_id(name)
        return self._by_external_id.get(number) or self.by_id.get(number) or self.by_code.get(name)

    def issuing(self, now: datetime, zone: ZoneInfo) -> list[CurrentSeries]:
        """The series that are switched on and not over. They may have issued all their coupons."""
        return [current for current in self.by_id.values() if current.series.is_active and not current.terms.is_over(now, zone)]

    def versions_at(self, stores: Iterable[str]) -> list[int]:
        """The versions (ids) whose coupons may be redeemed at one of these stores (codes)."""
        named = frozenset(stores)
        return [pk for pk, terms in self.terms.items() if named and (not terms.stores or terms.stores & named)]


def load_series() -> SeriesCatalog:
    """All series of the scope's organization: one query."""
    return SeriesCatalog(CouponSeriesVersion.objects.select_related("series"))


def issuing_series(organization: Organization) -> list[CurrentSeries]:
    """The series of which staff may issue coupons now. No query if the configuration is known."""
    return current_configuration().part(load_series).issuing(clock.now(), organization.zone)
