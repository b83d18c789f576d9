"""Issuing of coupons: for a till, for staff, and for many customers at once (docs/protocol.md, tills' part 5.3)."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, Count, Max

from customers.lookup.references import find_by_references, write_order
from customers.lookup.statement import Found
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks, label_of
from engagement.coupons.announcing import announce_issued
from engagement.coupons.catalog import CurrentSeries, load_series
from engagement.coupons.codes import CouponCode
from engagement.coupons.counts import add_issued, lock_issued
from engagement.coupons.drawing import draw_codes
from engagement.coupons.models import Coupon, SeriesIssues
from engagement.coupons.rules import SeriesTerms
from loyalty_project import clock
from loyalty_project.db.lookups import is_any_of
from loyalty_project.db.rows import insert_with_ids
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.plain_text import read_code
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.configuration import current_configuration
from organizations.locations.models import Store, Till
from organizations.policies import Policy

LONGEST_REFERENCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponOrder:
    """A coupon to be issued. Without a customer: a printed code. Without a code one is drawn.

    `valid_till` is None for the end of validity that the series gives.
    """

    current: CurrentSeries
    customer_id: int | None
    issued_at: datetime
    code: str = ""
    valid_till: datetime | None = None
    till: Till | None = None
    store: Store | None = None
    reference: str = ""
    transaction_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """A coupon as a till asks for it; "" if not supplied. `series` is an external id, our own id, or a code."""

    series: str
    references: Mapping[str, str] = field(default_factory=dict)
    external_reference: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """Result of an issue, made now or by an earlier, equal call (`is_replay`), with the terms of the coupon."""

    customer_id: int
    coupon: Coupon
    current: CurrentSeries
    terms: SeriesTerms
    notices: Sequence[Notice] = ()
    is_replay: bool = False


def issue_coupon(request: IssueRequest, *, by: Actor) -> Issued:
    """Issue a coupon to the customer of a till's call; the stored one for a repeated reference number.

    Raises `LoyaltyError` 709, 707, 701, 722 for a reference number of another series, 750 or 742, 712, 722, in this order. Call
    it in a transaction. It locks the customer, then the series' count; the constraints of `codes.CONSTRAINTS` are underneath.
    """
    reference = read_code(request.external_reference)
    if len(reference) > LONGEST_REFERENCE:
        raise LoyaltyError(CouponCode.FAILED)
    catalog = current_configuration().part(load_series)
    current = catalog.named(request.series.strip())
    if current is None:
        raise LoyaltyError(CouponCode.INVALID_SERIES)
    policy = by.organization.policy
    found = find_by_references(request.references, write_order(policy), by=by, country_code=request.country_code)
    if not isinstance(found, Found):
        raise LoyaltyError(CouponCode.CUSTOMER_NOT_FOUND)
    customer = lock_customer(found.customer.pk)
    notices = found.notices
    earlier = _find_earlier(reference, customer.pk)
    if earlier is not None:
        if earlier.series_id != current.series.pk:
            raise LoyaltyError(CouponCode.NOT_CREATED)
        return Issued(
            customer_id=customer.pk,
            coupon=earlier,
            current=current,
            terms=catalog.terms[earlier.version_id],
            notices=notices,
            is_replay=True,
        )
    coupon = give_coupon(customer, current, reference=reference, by=by)
    return Issued(customer_id=customer.pk, coupon=coupon, current=current, terms=current.terms, notices=notices)


def give_coupon(customer: Customer, current: CurrentSeries, *, by: Actor, reference: str = "", reason: str = "") -> Coupon:
    """Issue a coupon to this locked customer, with an audit entry. Raises `LoyaltyError` 750 or 742, 712, 722."""
    check_may_get(customer, by.organization.policy)
    now = clock.now()
    check_is_open(current, now, by=by)
    order = CouponOrder(
        current=current, customer_id=customer.pk, issued_at=now, till=by.till, store=by.store, reference=reference
    )
    (coupon,) = make_coupons([order], by=by)
    if isinstance(coupon, LoyaltyError):
        raise coupon
    new = {"customer": customer.pk, "series": current.series.code, "code": coupon.code}
    if reason:
        new["reason"] = reason
    record_changes([Change(action="issued", object_type="coupon", object_id=coupon.pk, new=new)], by=by)
    return coupon


def check_may_issue(customer: Customer, current: CurrentSeries, *, by: Actor) -> None:
    """Raise `LoyaltyError` as `give_coupon` would now; nothing is locked or written. At most three queries."""
    check_may_get(customer, by.organization.policy)
    check_is_open(current, clock.now(), by=by)
    series, terms = current.series.pk, current.terms
    held, _ = held_coupons([series] if terms.max_per_customer is not None else [], [customer.pk])
    counted = SeriesIssues.objects.filter(series=series).values_list("issued", flat=True)
    issued = (counted.first() or 0) if terms.max_coupons is not None else 0
    if refusal := _refused_by_limits(terms, held=held[series, customer.pk], issued=issued):
        raise refusal


def issue_coupons(
    current: CurrentSeries, customers: Sequence[Customer], *, by: Actor, at: datetime, transaction_number: str = ""
) -> list[Coupon | LoyaltyError]:
    """Issue a coupon of a series to each of these locked customers, dated `at`: a constant number of statements.

    For rewards. A customer who may not get it has the `LoyaltyError` instead: 750 or 742, 712, 722.
    """
    orders: list[CouponOrder] = []
    refusals: dict[int, LoyaltyError] = {}
    for position, customer in enumerate(customers):
        try:
            check_may_get(customer, by.organization.policy)
            check_is_open(current, at, by=by)
        except LoyaltyError as refusal:
            refusals[position] = refusal
            continue
        orders.append(
            CouponOrder(
                current=current,
                customer_id=customer.pk,
                issued_at=at,
                till=by.till,
                store=by.store,
                transaction_number=transaction_number,
            )
        )
    made = iter(make_coupons(orders, by=by))
    return [refusals[position] if position in refusals else next(made) for position in range(len(customers))]


def check_may_get(customer: Customer, policy: Policy) -> None:
    """Raise `LoyaltyError` if the customer may not get coupons: 742 by a status label, 750 as fraud."""
    if blocks(customer, Block.COUPON_ISSUE, policy):
        raise LoyaltyError(CouponCode.BLOCKED_BY_STATUS if label_of(customer, policy) else CouponCode.ISSUE_TO_FRAUD)


def check_is_open(current: CurrentSeries, at: datetime, *, by: Actor) -> None:
    """Raise `LoyaltyError` 712 for a series that is switched off, or whose last day is past."""
    if not current.series.is_active or current.terms.is_over(at, by.organization.zone):
        raise LoyaltyError(CouponCode.SERIES_EXPIRED)


def make_coupons(orders: Sequence[CouponOrder], *, by: Actor) -> list[Coupon | LoyaltyError]:
    """Make coupons within the limits of their series, in order: a constant number of statements.

    A refused order has the `LoyaltyError` instead of a coupon: 722 for a customer who has all that the series allows, 712 for a
    series that has issued all. The caller holds the locks of the customers. Locks the counts of the series.
    """
    if not orders:
        return []
    limits = _Limits(orders)
    accepted = [limits.take(order) for order in orders]
    made = [(order, nth) for order, nth in zip(orders, accepted, strict=True) if not isinstance(nth, LoyaltyError)]
    inserted = _insert(made, by=by)
    limits.count({order.current.series.pk: order.current for order, _ in made})
    codes = {order.current.series.pk: order.current.series.code for order, _ in made}
    announce_issued(inserted, codes, organization=by.organization)
    coupons = iter(inserted)
    return [nth if isinstance(nth, LoyaltyError) else next(coupons) for nth in accepted]


class _Limits:
    """What the series of some orders have issued so far, in all and to each customer."""

    def __init__(self, orders: Sequence[CouponOrder]) -> None:
        series = sorted({order.current.series.pk for order in orders})
        self._issued = lock_issued(series)
        self._held, self._last = held_coupons(
            {order.current.series.pk for order in orders if order.current.terms.max_per_customer is not None},
            {order.customer_id for order in orders if order.customer_id is not None},
        )
        self._added: Counter[int] = Counter()

    def take(self, order: CouponOrder) -> int | LoyaltyError | None:
        """The number of the coupon among those of its customer, None if the series does not number them; or the refusal."""
        series, terms = order.current.series.pk, order.current.terms
        own = (series, order.customer_id)
        # Nobody has printed codes: what is held of them stays 0.
        issued = self._issued[series] + self._added[series]
        if refusal := _refused_by_limits(terms, held=self._held[own], issued=issued):
            return refusal
        self._added[series] += 1
        if terms.max_per_customer is None or order.customer_id is None:
            return None
        self._held[own] += 1
        self._last[own] += 1
        return self._last[own]

    def count(self, series: Mapping[int, CurrentSeries]) -> None:
        """Store how many coupons were taken."""
        add_issued({pk: (self._added[pk], current.terms.max_coupons) for pk, current in series.items()})


def _refused_by_limits(terms: SeriesTerms, *, held: int, issued: int) -> LoyaltyError | None:
    """Why no coupon is issued to a customer who got `held` ones of a series that `issued` so many; None if one is.

    722 for a customer who has all that the series allows, else 712 for a series that has issued all.
    """
    if terms.is_full_for(held):
        return LoyaltyError(CouponCode.NOT_CREATED)
    return None if terms.room_for(1, issued=issued) else LoyaltyError(CouponCode.SERIES_EXPIRED)


Held = Counter[tuple[int, int | None]]


def held_coupons(series: Collection[int], customers: Collection[int]) -> tuple[Held, Held]:
    """Coupons that these customers ever got of these series, and the last number of those issued to each: at most two queries.

    Both by series and customer (ids). A customer also has what merged customers brought.
    """
    held: Held = Counter()
    last: Held = Counter()
    if series and customers:
        coupons = Coupon.objects.filter(is_any_of("series", series, BigIntegerField())).order_by()
        own = coupons.filter(is_any_of("customer", customers, BigIntegerField()))
        for series_id, customer_id, count in own.values_list("series", "customer").annotate(count=Count("pk")):
            held[series_id, customer_id] = count
        first = coupons.filter(is_any_of("issued_to", customers, BigIntegerField()), nth__isnull=False)
        for series_id, customer_id, nth in first.values_list("series", "issued_to").annotate(nth=Max("nth")):
            last[series_id, customer_id] = nth
    return held, last


def _insert(made: Sequence[tuple[CouponOrder, int | None]], *, by: Actor) -> list[Coupon]:
    now, zone = clock.now(), by.organization.zone
    drawn = iter(draw_codes(sum(not order.code for order, _ in made)))
    coupons = [
        Coupon(
            organization=by.organization,
            series_id=order.current.series.pk,
            version=order.current.version,
            customer_id=order.customer_id,
            issued_to_id=order.customer_id,
            nth=nth,
            code=order.code or next(drawn),
            issued_at=order.issued_at,
            recorded_at=now,
            valid_till=order.valid_till or order.current.terms.last_moment(order.issued_at, zone),
            most_uses=order.current.terms.redemptions_per_coupon,
            reference=order.reference,
            transaction_number=order.transaction_number,
            till=order.till,
            store=order.store,
            made_by=by.name,
        )
        for order, nth in made
    ]
    insert_with_ids(coupons)
    return coupons


def _find_earlier(reference: str, customer_id: int) -> Coupon | None:
    """The coupon that an earlier call with this reference number made; the customer's own before one that a merge brought."""
    if not reference:
        return None
    same = list(Coupon.objects.filter(customer=customer_id, reference=reference).order_by("pk"))
    return min(same, key=lambda coupon: coupon.issued_to_id != customer_id, default=None)
