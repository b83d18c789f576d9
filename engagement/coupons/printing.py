"""Printed codes: coupons that nobody has yet, made by the thousand in one statement."""

from datetime import datetime
from typing import Final

from engagement.coupons.catalog import CurrentSeries
from engagement.coupons.counts import add_issued, lock_issued
from engagement.coupons.drawing import PRINTED_LENGTH, draw_codes
from engagement.coupons.models import CodeRun
from loyalty_project.db.arrays import text_array
from organizations.audit.actors import Actor
from organizations.tenancy.statements import write_rows

_INSERT: Final = """
INSERT INTO engagement_coupon (
    organization_id, series_id, version_id, code, issued_at, recorded_at, valid_till, uses, most_uses, reference,
    transaction_number, made_by, run_id
)
SELECT %(organization)s, %(series)s, %(version)s, drawn.code, %(now)s, %(now)s, %(valid_till)s, 0, %(most_uses)s, '',
    '', %(made_by)s, %(run)s
FROM unnest(%(codes)s::text[]) AS drawn (code)
"""


def print_codes(run: CodeRun, current: CurrentSeries, count: int, *, now: datetime, by: Actor) -> int:
    """Make so many codes of the run's series, as far as the series may issue them: how many were made.

    Call it in a transaction. It locks the count of the series; the constraint `coupon_code_unique` is underneath. A constant
    number of statements.
    """
    series, terms = current.series.pk, current.terms
    issued = lock_issued([series])[series]
    count = terms.room_for(count, issued=issued)
    if not count:
        return 0
    values = {
        "series": series,
        "version": current.version.pk,
        "codes": text_array(draw_codes(count, length=PRINTED_LENGTH)),
        "now": now,
        "valid_till": terms.last_moment(now, by.organization.zone),
        "most_uses": terms.redemptions_per_coupon,
        "made_by": by.name,
        "run": run.pk,
    }
    write_rows(_INSERT, values)
    add_issued({series: (count, terms.max_coupons)})
    return count
