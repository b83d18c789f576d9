"""`manage.py import_coupons --organization CODE FILE`: imports coupons and their redemptions (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from customers.lookup.resolve import read_rows
from engagement.coupons.catalog import load_series
from engagement.coupons.codes import CONSTRAINTS
from engagement.coupons.imports import CODES, check_coupon_columns, import_coupons, read_coupon_row
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, work_sound
from loyalty_project.protocol.codes import Code
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.imports.command import ImportCommand
from organizations.locations.models import Till


class Command(ImportCommand):
    """Brings the coupons of a file, with the redemptions that it has."""

    name = "import_coupons"
    help = "Imports coupons from a CSV file: docs/imports.md."
    about = "Coupons that customers have, and their redemptions"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_coupon_columns(columns)
        return Worker(work=CouponBatch(by).work, constraints=CONSTRAINTS, fallback=Code.INVALID_INPUT, codes=CODES)


@dataclass(frozen=True, slots=True)
class CouponBatch:
    """Works rows of a coupon file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization = self.by.organization
        read = partial(
            read_coupon_row,
            zone=organization.zone,
            catalog=current_configuration().part(load_series),
            tills=_tills(rows),
            now=clock.now(),
        )
        return work_sound(read_rows(rows, read, organization=organization), partial(import_coupons, by=self.by))


def _tills(rows: Sequence[Values]) -> dict[str, Till]:
    """The tills that the rows name, closed ones included, by code: at most one query."""
    codes = {code for row in rows for column in ("till_code", "redeemed_till") if (code := row.get(column, "").strip())}
    return {till.code: till for till in Till.objects.filter(code__in=codes).select_related("store")} if codes else {}
