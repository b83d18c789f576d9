"""Counts of the coupons that series have issued, which their limits are about."""

from collections.abc import Collection, Mapping
from typing import Final

from organizations.tenancy.statements import fetch_written_rows, write_rows

_LOCK: Final = """
INSERT INTO engagement_seriesissues (organization_id, series_id, issued)
SELECT %(organization)s, given.series, 0 FROM unnest(%(series)s::bigint[]) AS given (series) ORDER BY given.series
ON CONFLICT (series_id) DO UPDATE SET issued = engagement_seriesissues.issued
RETURNING series_id, issued
"""
_ADD: Final = """
UPDATE engagement_seriesissues AS issues SET issued = issues.issued + given.count, most = given.most
FROM unnest(%(series)s::bigint[], %(counts)s::bigint[], %(most)s::bigint[]) AS given (series, count, most)
WHERE issues.organization_id = %(organization)s AND issues.series_id = given.series
"""


def lock_issued(series: Collection[int]) -> dict[int, int]:
    """Lock the counts of these series (ids) in the order of their ids, until the transaction ends: how many each has issued."""
    return dict(fetch_written_rows(_LOCK, {"series": sorted(series)}))


def add_issued(added: Mapping[int, tuple[int, int | None]]) -> None:
    """Add to the locked counts of series (ids): how many more, and the most that the series may issue (None: no limit)."""
    if added:
        counts, most = zip(*added.values(), strict=True)
        write_rows(_ADD, {"series": list(added), "counts": list(counts), "most": list(most)})
