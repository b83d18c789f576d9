"""Redemption of a coupon at a till, and the check whether it may be redeemed (docs/protocol.md, tills' part 5.1, 5.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import F, Q, QuerySet

from customers.lookup.references import find_by_references, first_reference, write_order
from customers.lookup.statement import Found
from customers.profile.locks import lock_customer
from customers.profile.models import Customer
from customers.statuses.rules import Block, blocks, label_of
from engagement.bills.named import find_bill
from engagement.coupons.announcing import announce_redeemed
from engagement.coupons.catalog import SeriesCatalog, load_series
from engagement.coupons.codes import BELOW_MINIMUM, BILL_REQUIRED, CouponCode
from engagement.coupons.issuing import held_coupons
from engagement.coupons.lookup import coupons_of_codes
from engagement.coupons.models import Coupon, CouponRedemption
from engagement.coupons.rules import SeriesTerms, has_expired, uses_left
from engagement.numbers.money import read_money
from loyalty_project import clock
from loyalty_project.db.locks import lock
from loyalty_project.protocol.custom_fields import usable_fields
from loyalty_project.protocol.errors import LoyaltyError, Notice
from loyalty_project.protocol.moments import read_stated_moment
from loyalty_project.protocol.plain_text import read_code
from loyalty_project.protocol.values import read_id
from organizations.audit.actors import Actor
from organizations.audit.services import Change, record_changes
from organizations.configuration import current_configuration

LONGEST_NUMBER: Final = 100
LONGEST_VALUE: Final = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUse:
    """A redemption as a till asks for it; "" if not supplied. The coupon is named by its code or by its id."""

    code: str = ""
    coupon_id: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    transaction_number: str = ""
    amount: str = ""
    discount: str = ""
    redeemed_at: str = ""
    custom_fields: Sequence[Mapping[str, str]] = ()
    country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableQuestion:
    """The question whether a coupon may be redeemed now."""

    code: str
    references: Mapping[str, str]
    amount: str = ""
    country_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUsed:
    """Result of a redemption, made now or by an earlier, equal call (`is_replay`, warning 711)."""

    customer_id: int
    redemption: CouponRedemption
    terms: SeriesTerms
    notices: Sequence[Notice] = ()
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Usable:
    """Answer to the question: what is known of customer and coupon, and the `refusal`, None if it may be redeemed."""

    customer_id: int | None = None
    coupon: Coupon | None = None
    terms: SeriesTerms | None = None
    uses_left: int | None = 0
    notices: Sequence[Notice] = ()
    refusal: LoyaltyError | None = None


def redeem_coupon(use: CouponUse, *, by: Actor) -> CouponUsed:
    """Use a coupon once; the stored result for a repeated call. A printed code becomes the customer's coupon.

    Raises `LoyaltyError` 709, 702, 701, 719, 710, 740 or 742, 712, 713, 711 or 696, 722, 735, 718, 733, 739, in this order.
    Call it in a transaction. It locks the customer, then the coupon; `coupon_uses_within_limit` is underneath.
    """
    organization, now = by.organization, clock.now()
    number = read_code(use.transaction_number)
    if len(number) > LONGEST_NUMBER:
        raise LoyaltyError(CouponCode.FAILED)
    if not read_code(use.code) and not use.coupon_id.strip():
        raise LoyaltyError(CouponCode.INVALID_CODE)
    found = find_by_references(use.references, write_order(organization.policy), by=by, country_code=use.country_code)
    if not isinstance(found, Found):
        raise LoyaltyError(CouponCode.CUSTOMER_NOT_FOUND)
    customer = lock_customer(found.customer.pk)
    coupon = check_belongs(lock(_named(use)).first(), customer)
    check_may_use(customer, by=by)
    catalog = current_configuration().part(load_series)
    terms = catalog.terms[coupon.version_id]
    earlier = _find_earlier(coupon, number, by)
    if earlier is not None:
        notices = [Notice(CouponCode.ALREADY_REDEEMED), *found.notices]
        return CouponUsed(customer_id=customer.pk, redemption=earlier, terms=terms, notices=notices, is_replay=True)
    nth = check_state(coupon, customer.pk, catalog, by=by, now=now)
    amount, discount = _read_money(use.amount, by), _read_money(use.discount, by)
    check_bill(terms, amount.value, number=number, needs_number=organization.policy.coupon_needs_bill)
    if not (amount.is_readable and discount.is_readable):
        raise LoyaltyError(CouponCode.INVALID_AMOUNT)
    day = now.astimezone(organization.zone).date()
    redemption = CouponRedemption.objects.create(
        organization=organization,
        coupon=coupon,
        redeemed_at=_redemption_time(use.redeemed_at, by=by, now=now),
        recorded_at=now,
        transaction_number=number,
        amount=amount.value,
        discount=discount.value,
        custom_fields=usable_fields(use.custom_fields, longest_name=LONGEST_NUMBER, longest_value=LONGEST_VALUE),
        bill=find_bill(number, customer_id=customer.pk, store=by.store, day=day).bill,
        till=by.till,
        store=by.store,
        made_by=by.name,
    )
    count_use(coupon, customer.pk, nth=nth)
    new = {"customer": customer.pk, "redemption": redemption.pk}
    record_changes([Change(action="redeemed", object_type="coupon", object_id=coupon.pk, new=new)], by=by)
    series = {coupon.series_id: catalog.by_id[coupon.series_id].series.code}
    announce_redeemed([(coupon, customer.pk, redemption)], series, organization=organization)
    return CouponUsed(customer_id=customer.pk, redemption=redemption, terms=terms, notices=found.notices)


def check_usable(question: UsableQuestion, *, by: Actor) -> Usable:
    """Check whether a coupon may be redeemed now, by the codes and in the order of `redeem_coupon`. Nothing is written.

    A bill's number is not asked for; the minimum of the bill is checked if an amount is given.
    """
    now = clock.now()
    references, order = first_reference(question.references)
    found = find_by_references(references, order, by=by, country_code=question.country_code)
    coupon = coupons_of_codes([read_code(question.code)]).first()
    catalog = current_configuration().part(load_series)
    terms = catalog.terms[coupon.version_id] if coupon else None
    known = Usable(coupon=coupon, terms=terms, uses_left=uses_left(coupon.uses, coupon.most_uses) if coupon else 0)
    if not isinstance(found, Found):
        return replace(known, refusal=LoyaltyError(CouponCode.CUSTOMER_NOT_FOUND))
    known = replace(known, customer_id=found.customer.pk, notices=found.notices)
    customer = Customer.objects.select_related("status_label").get(pk=found.customer.pk)
    amount = _read_money(question.amount, by)
    try:
        coupon = check_belongs(coupon, customer)
        check_may_use(customer, by=by)
        check_state(coupon, customer.pk, catalog, by=by, now=now)
        check_bill(catalog.terms[coupon.version_id], amount.value)
        if not amount.is_readable:
            raise LoyaltyError(CouponCode.INVALID_AMOUNT)
    except LoyaltyError as refusal:
        return replace(known, refusal=refusal)
    return known


def check_belongs(coupon: Coupon | None, customer: Customer) -> Coupon:
    """The coupon. Raises `LoyaltyError` 719 for an unknown one, 710 for one of another customer.

    A printed code that nobody has redeemed belongs to nobody.
    """
    if coupon is None:
        raise LoyaltyError(CouponCode.UNKNOWN_CODE)
    if coupon.customer_id not in {None, customer.pk}:
        raise LoyaltyError(CouponCode.OTHER_CUSTOMERS)
    return coupon


def check_may_use(customer: Customer, *, by: Actor) -> None:
    """Raise `LoyaltyError` if the customer may not use coupons: 742 by a status label, 740 as fraud."""
    policy = by.organization.policy
    if blocks(customer, Block.COUPON_REDEEM, policy):
        raise LoyaltyError(CouponCode.BLOCKED_BY_STATUS if label_of(customer, policy) else CouponCode.REDEMPTION_BY_FRAUD)


def check_state(coupon: Coupon, customer_id: int, catalog: SeriesCatalog, *, by: Actor, now: datetime) -> int | None:
    """Raise `LoyaltyError` 712, 713, 711 or 696, 722 or 735 if series, coupon or store forbid a use now.

    A series is switched off, over or not yet begun by its newest version; all else is said by the coupon's own. Returns the
    number that a printed code gets among the coupons of its customer, None for others.
    """
    zone = by.organization.zone
    series, terms = catalog.by_id[coupon.series_id], catalog.terms[coupon.version_id]
    if not series.series.is_active or series.terms.is_over(now, zone) or not series.terms.has_started(now, zone):
        raise LoyaltyError(CouponCode.SERIES_EXPIRED)
    if has_expired(coupon.valid_till, now):
        raise LoyaltyError(CouponCode.EXPIRED)
    if uses_left(coupon.uses, coupon.most_uses) == 0:
        raise LoyaltyError(CouponCode.ALREADY_REDEEMED if coupon.most_uses == 1 else CouponCode.NO_USES_LEFT)
    nth = _number_of_printed(coupon, customer_id, terms)
    if not terms.is_good_at(by.store.code if by.store else None):
        raise LoyaltyError(CouponCode.OTHER_STORE)
    return nth


def check_bill(terms: SeriesTerms, amount: Decimal | None, *, number: str = "", needs_number: bool = False) -> None:
    """Raise `LoyaltyError` 718 without the bill's number if it is needed, or for an amount below the minimum of the series."""
    if needs_number and not number:
        raise LoyaltyError(CouponCode.BILL_REFUSED, x=BILL_REQUIRED)
    if terms.min_bill_amount is not None and amount is not None and amount < terms.min_bill_amount:
        raise LoyaltyError(CouponCode.BILL_REFUSED, x=BELOW_MINIMUM)


def count_use(coupon: Coupon, customer_id: int, *, nth: int | None = None) -> None:
    """Count a use of this locked coupon; a printed code becomes the customer's, with this number.

    One conditional statement. Raises `LoyaltyError` 710 if another customer has got the code meanwhile.
    """
    owner = Q(customer=customer_id)
    if coupon.customer_id is None:
        first = {"customer": customer_id, "issued_to": customer_id, "nth": nth}
        rows = Coupon.objects.filter(owner | Q(customer=None), pk=coupon.pk).update(uses=F("uses") + 1, **first)
    else:
        rows = Coupon.objects.filter(owner, pk=coupon.pk).update(uses=F("uses") + 1)
    if not rows:
        raise LoyaltyError(CouponCode.OTHER_CUSTOMERS)
    coupon.uses += 1


def _number_of_printed(coupon: Coupon, customer_id: int, terms: SeriesTerms) -> int | None:
    """The next number of the customer's coupons, if the series limits them. Raises `LoyaltyError` 722 at the limit."""
    if coupon.customer_id is not None or terms.max_per_customer is None:
        return None
    held, last = held_coupons([coupon.series_id], [customer_id])
    own = (coupon.series_id, customer_id)
    if terms.is_full_for(held[own]):
        raise LoyaltyError(CouponCode.NOT_CREATED)
    return last[own] + 1


def _named(use: CouponUse) -> QuerySet[Coupon]:
    code = read_code(use.code)
    return coupons_of_codes([code]) if code else Coupon.objects.filter(pk=read_id(use.coupon_id.strip()))


def _find_earlier(coupon: Coupon, number: str, by: Actor) -> CouponRedemption | None:
    """The redemption that an earlier, equal call made: same coupon, till and bill's number, not reversed since."""
    if not number or by.till is None:
        return None
    same = CouponRedemption.objects.filter(coupon=coupon, till=by.till, transaction_number=number, reversals=None)
    return same.select_related("coupon").order_by("-pk").first()


@dataclass(frozen=True, slots=True)
class _Money:
    value: Decimal | None
    is_readable: bool


def _read_money(text: str, by: Actor) -> _Money:
    if not text.strip():
        return _Money(None, is_readable=True)
    value = read_money(text, by.organization.currency)
    return _Money(None, is_readable=False) if value is None or value < 0 else _Money(value, is_readable=True)


def _redemption_time(text: str, *, by: Actor, now: datetime) -> datetime:
    """The stated time, `now` for a blank one. Raises `LoyaltyError` 739 for a malformed time, or one in the future."""
    moment = read_stated_moment(text, by.organization.zone) if text.strip() else now
    if moment is None or moment > now:
        raise LoyaltyError(CouponCode.INVALID_TIME)
    return moment
