"""Terms of a coupon series in sentences, for the back office: pure functions."""

from collections.abc import Iterator

from engagement.coupons.rules import DiscountType, SeriesTerms
from engagement.numbers.display import format_money, format_points


def describe_terms(terms: SeriesTerms, *, currency: str) -> dict[str, str]:
    """Words for each thing that the terms say, by title."""
    return {
        "Name": terms.name,
        "Description": terms.description,
        "Discount": describe_discount(terms, currency=currency),
        "Discount code": terms.discount_code,
        "A coupon is good": describe_validity(terms),
        "It may be redeemed": describe_use(terms, currency=currency),
        "Limits": describe_limits(terms),
        "Where": ", ".join(sorted(terms.stores)) or "everywhere",
        "Properties": ", ".join(f"{name}: {value}" for name, value in terms.custom_properties.items()),
    }


def describe_discount(terms: SeriesTerms, *, currency: str) -> str:
    """The discount: "10 % off, at most 20.00 USD"."""
    if terms.discount_type is DiscountType.PERC:
        discount = f"{format_points(terms.discount_value)} % off"
    else:
        discount = f"{format_money(terms.discount_value)} {currency} off"
    if terms.max_discount is None:
        return discount
    return f"{discount}, at most {format_money(terms.max_discount)} {currency}"


def describe_validity(terms: SeriesTerms) -> str:
    """How long a coupon is good: "30 days from its issue"."""
    if terms.valid_till is not None:
        end = f"until {terms.valid_till}"
    elif terms.valid_days is not None:
        end = f"{terms.valid_days:,} day{'' if terms.valid_days == 1 else 's'} from its issue"
    else:
        end = "without an end"
    return f"from {terms.starts_on}, {end}" if terms.starts_on is not None else end


def describe_use(terms: SeriesTerms, *, currency: str) -> str:
    """How often a coupon may be redeemed, and with which bills."""
    times = terms.redemptions_per_coupon
    often = "as often as wanted" if times is None else "once" if times == 1 else f"{times:,} times"
    if terms.min_bill_amount is None:
        return often
    return f"{often}, with bills from {format_money(terms.min_bill_amount)} {currency} on"


def describe_limits(terms: SeriesTerms) -> str:
    """How many coupons the series issues, in all and to each customer."""
    return "; ".join(_limits(terms)) or "none"


def _limits(terms: SeriesTerms) -> Iterator[str]:
    if terms.max_coupons is not None:
        yield f"{terms.max_coupons:,} coupons in all"
    if terms.max_per_customer is not None:
        yield f"{terms.max_per_customer:,} for each customer"
