"""Coupons by their codes, without case (docs/protocol.md, tills' part 5)."""

from collections.abc import Iterable

from django.db.models import CharField, QuerySet
from django.db.models.functions import Upper

from engagement.coupons.models import Coupon
from engagement.coupons.rules import folded
from loyalty_project.db.lookups import is_any_of


def coupons_of_codes(codes: Iterable[str]) -> QuerySet[Coupon]:
    """The coupons of these codes, by the unique index."""
    wanted = {folded(code) for code in codes}
    rows: QuerySet[Coupon] = Coupon.objects.alias(folded=Upper("code")).filter(is_any_of("folded", wanted, CharField()))
    return rows
