"""Coupons of import files: which coupon a row is, and what it changes (docs/imports.md)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField

from customers.profile.locks import lock_customers
from engagement.coupons.announcing import announce_redeemed
from engagement.coupons.catalog import CurrentSeries, SeriesCatalog
from engagement.coupons.codes import CouponCode
from engagement.coupons.issuing import CouponOrder, make_coupons
from engagement.coupons.lookup import coupons_of_codes
from engagement.coupons.models import Coupon, CouponRedemption
from engagement.coupons.rules import folded, uses_left
from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_rows, update_rows
from loyalty_project.imports.cells import Values, code_cell, moment_cell, reason, refusal, text_cell
from loyalty_project.imports.columns import IDENTIFIERS, check_columns
from loyalty_project.imports.results import RowStatus
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.locations.models import Till

COLUMNS: Final = (
    *IDENTIFIERS, "series", "code", "created_date", "valid_till", "till_code", "redeemed_on", "redeemed_till",
    "transaction_number",
)  # fmt: skip
# Columns that name something by letters and digits, which a spreadsheet may have changed.
CODES: Final = (*IDENTIFIERS, "code", "transaction_number")
LONGEST_CODE: Final = 50
LONGEST_NUMBER: Final = 100
_MOST_AHEAD: Final = timedelta(days=1)
_END_OF_DAY: Final = timedelta(hours=23, minutes=59, seconds=59)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponRow:
    """A coupon as a file has it. Without a code one is drawn; None: not supplied."""

    customer_id: int
    current: CurrentSeries
    code: str
    created_at: datetime | None
    valid_till: datetime | None
    till: Till | None
    redeemed_at: datetime | None
    redeemed_till: Till | None
    transaction_number: str

    @property
    def identity(self) -> tuple[int, int, datetime | None, str] | None:
        """What makes rows without a code the same row: None if nothing does."""
        if self.code or (self.created_at is None and not self.transaction_number):
            return None
        return (self.customer_id, self.current.series.pk, self.created_at, self.transaction_number)


def check_coupon_columns(columns: Sequence[str]) -> None:
    """Raises `ColumnsError` for columns that no such file has, and for missing ones."""
    check_columns(columns, known=dict.fromkeys(COLUMNS, ""), required=("series",))


def read_coupon_row(
    row: Values,
    *,
    customer_id: int,
    zone: ZoneInfo,
    catalog: SeriesCatalog,
    tills: Mapping[str, Till],
    now: datetime,
) -> CouponRow:
    """The coupon of a row.

    Raises `LoyaltyError` 707 for an unknown series, 1150 for an unknown till, 400 for what is malformed.
    """
    current = catalog.named(text_cell(row, "series", is_required=True))
    if current is None:
        raise refusal(row, "series", "is not a coupon series of the organization", code=CouponCode.INVALID_SERIES)
    moments = {name: moment_cell(row, name, zone) for name in ("created_date", "valid_till", "redeemed_on")}
    for name in ("created_date", "redeemed_on"):
        moment = moments[name]
        if moment is not None and moment > now + _MOST_AHEAD:
            raise refusal(row, name, "is more than a day ahead")
    redeemed_at, valid_till = moments["redeemed_on"], moments["valid_till"]
    if redeemed_at is None and text_cell(row, "redeemed_till"):
        raise refusal(row, "redeemed_till", "does not go without redeemed_on")
    if valid_till is not None and ":" not in text_cell(row, "valid_till"):
        valid_till += _END_OF_DAY
    return CouponRow(
        customer_id=customer_id,
        current=current,
        code=code_cell(row, "code", most=LONGEST_CODE),
        created_at=moments["created_date"],
        valid_till=valid_till,
        till=_till(row, "till_code", tills),
        redeemed_at=redeemed_at,
        redeemed_till=_till(row, "redeemed_till", tills),
        transaction_number=code_cell(row, "transaction_number", most=LONGEST_NUMBER),
    )


def _till(row: Values, column: str, tills: Mapping[str, Till]) -> Till | None:
    code = text_cell(row, column)
    if code and code not in tills:
        raise refusal(row, column, "is not a till of the organization", code=Code.INVALID_STORE_ID)
    return tills.get(code)


def import_coupons(rows: Sequence[CouponRow], *, by: Actor) -> list[RowStatus | LoyaltyError]:
    """Bring coupons and their redemptions to what the rows say; a status or refusal for each, later rows see earlier ones.

    Importing a coupon counts as issuing, within the limits of its series: 722, 712. Refusals of redemptions: 711 or 696. A code
    of another customer is 710. Locks the customers, then the counts of the series and the coupons. A constant number of
    statements.
    """
    lock_customers({row.customer_id for row in rows})
    batch = _Batch(rows, by=by)
    results = [batch.work(row) for row in rows]
    batch.write()
    return results


class _Batch:
    """The coupons of some rows, in memory, and what is to be written."""

    def __init__(self, rows: Sequence[CouponRow], *, by: Actor) -> None:
        self.by, self.now = by, clock.now()
        self.by_code = {folded(coupon.code): coupon for coupon in lock(coupons_of_codes(row.code for row in rows if row.code))}
        nameless = [row for row in rows if row.identity is not None]
        held = _coupons_of({row.customer_id for row in nameless}, {row.current.series.pk for row in nameless})
        known = {coupon.pk: coupon for coupon in (*self.by_code.values(), *held)}
        self.used: defaultdict[int, list[CouponRedemption]] = defaultdict(list)
        uses = CouponRedemption.objects.filter(is_any_of("coupon", known, BigIntegerField()), reversals=None) if known else ()
        for use in uses:
            self.used[use.coupon_id].append(use)
        self.by_identity: dict[tuple[int | None, int, datetime | None, str], Coupon] = {}
        for coupon in held:
            numbers = {coupon.transaction_number, *(use.transaction_number for use in self.used[coupon.pk])}
            for number in numbers:
                for created_at in (coupon.issued_at, None):
                    self.by_identity.setdefault((coupon.customer_id, coupon.series_id, created_at, number), coupon)
        self._make_new(rows)
        self.changed: dict[int, Coupon] = {}
        self.series: dict[int, str] = {}
        self.uses: list[tuple[Coupon, int, CouponRedemption]] = []
        self.added: list[CouponRedemption] = []

    def _make_new(self, rows: Sequence[CouponRow]) -> None:
        """Issue the coupons that no row before has; `made` has the coupon or refusal of the row that brings it."""
        first: dict[object, int] = {}
        orders: dict[int, CouponOrder] = {}
        for position, row in enumerate(rows):
            key = _key_of(row)
            is_known = key is not None and (key in self.by_code or key in self.by_identity or key in first)
            if not is_known:
                orders[position] = self._order(row)
                if key is not None:
                    first[key] = position
        made = make_coupons(list(orders.values()), by=self.by)
        self.made = {id(rows[position]): coupon for position, coupon in zip(orders, made, strict=True)}
        self.refusals: dict[object, LoyaltyError] = {}
        for position, coupon in zip(orders, made, strict=True):
            row = rows[position]
            if isinstance(coupon, LoyaltyError):
                self.refusals[_key_of(row)] = coupon
            elif row.code:
                self.by_code[folded(row.code)] = coupon
            elif row.identity is not None:
                self.by_identity[row.identity] = coupon

    def _order(self, row: CouponRow) -> CouponOrder:
        till = row.till
        return CouponOrder(
            current=row.current,
            customer_id=row.customer_id,
            issued_at=row.created_at or row.redeemed_at or self.now,
            code=row.code,
            valid_till=row.valid_till,
            till=till,
            store=till.store if till else None,
            transaction_number="" if row.redeemed_at else row.transaction_number,
        )

    def work(self, row: CouponRow) -> RowStatus | LoyaltyError:
        """Bring one row; what it changes is written later."""
        made = self.made.get(id(row))
        if isinstance(made, LoyaltyError):
            return made
        if made is not None:
            if row.redeemed_at is not None:
                self._use(made, row)
            return RowStatus.CREATED
        coupon = self.by_code.get(folded(row.code)) if row.code else self.by_identity.get(row.identity or (0, 0, None, ""))
        if coupon is None:
            # The row before, which would have brought it, was refused.
            return self.refusals[_key_of(row)]
        return self._update(coupon, row)

    def _update(self, coupon: Coupon, row: CouponRow) -> RowStatus | LoyaltyError:
        if coupon.customer_id != row.customer_id:
            return LoyaltyError(CouponCode.OTHER_CUSTOMERS)
        if coupon.series_id != row.current.series.pk:
            return _differs("series", row.current.series.code, "is another series than that of the stored coupon")
        if row.created_at is not None and row.created_at != coupon.issued_at:
            return _differs("created_date", f"{row.created_at:%F %T}", "is another time than that of the stored coupon")
        status = RowStatus.UNCHANGED
        if row.redeemed_at is not None and not self._is_known_use(coupon, row):
            if uses_left(coupon.uses, coupon.most_uses) == 0:
                return LoyaltyError(CouponCode.ALREADY_REDEEMED if coupon.most_uses == 1 else CouponCode.NO_USES_LEFT)
            self._use(coupon, row)
            status = RowStatus.UPDATED
        if row.valid_till is not None and row.valid_till != coupon.valid_till:
            coupon.valid_till = row.valid_till
            self.changed[coupon.pk] = coupon
            status = RowStatus.UPDATED
        return status

    def _is_known_use(self, coupon: Coupon, row: CouponRow) -> bool:
        return any(
            use.redeemed_at == row.redeemed_at and use.transaction_number == row.transaction_number
            for use in self.used[coupon.pk]
        )

    def _use(self, coupon: Coupon, row: CouponRow) -> None:
        till = row.redeemed_till
        use = CouponRedemption(
            organization=self.by.organization,
            coupon_id=coupon.pk,
            redeemed_at=row.redeemed_at or self.now,
            recorded_at=self.now,
            transaction_number=row.transaction_number,
            till=till,
            store=till.store if till else None,
            made_by=self.by.name,
        )
        coupon.uses += 1
        self.added.append(use)
        if row.customer_id is not None:
            self.uses.append((coupon, row.customer_id, use))
            self.series[coupon.series_id] = row.current.series.code
        self.used[coupon.pk].append(use)
        self.changed[coupon.pk] = coupon

    def write(self) -> None:
        """Write redemptions, and coupons that changed: a statement for each. Endpoints that listen get the redemptions."""
        insert_rows(self.added)
        update_rows(list(self.changed.values()), ["uses", "valid_till"])
        announce_redeemed(self.uses, self.series, organization=self.by.organization)


def _key_of(row: CouponRow) -> object:
    """What two rows of the same coupon have in common; None if no other row is of the coupon."""
    return folded(row.code) if row.code else row.identity


def _coupons_of(customers: set[int], series: set[int]) -> list[Coupon]:
    """The coupons of these customers and series, locked: one query, none without customers."""
    if not customers:
        return []
    rows = Coupon.objects.filter(
        is_any_of("customer", customers, BigIntegerField()), is_any_of("series", series, BigIntegerField())
    )
    return list(lock(rows))


def _differs(column: str, value: str, problem: str) -> LoyaltyError:
    return LoyaltyError(Code.INVALID_INPUT, detail=reason(column, value, problem))
