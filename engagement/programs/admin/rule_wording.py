"""Words of the forms of a program's rules: labels by the path in the organization file, and words for choices."""

from collections.abc import Mapping, Sequence
from typing import Final

from customers.segments.models import SegmentPartition
from engagement.programs.earning_rules import Birthday, EarningKind, Weekday
from engagement.programs.expiry_rules import Activity, ExpiryKind
from engagement.programs.occasion_rules import OccasionKind
from engagement.programs.rules import Downgrade, EndOf, Period, TierMeasure, TrackerMode, TrackerType
from organizations.back_office.schema_forms import Wording
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Zone

# More are typed, one per line: a page of boxes helps nobody.
_MOST_BOXES: Final = 40
_EXPIRY_LABELS: Final[Mapping[str, str]] = {
    "expiry.kind": "Points expire",
    "expiry.value": "How many days, months or years, or the date",
    "expiry.name": "Field with the date",
}
_CONDITIONS: Final[Mapping[str, str]] = {"based_on": "Measured by", "threshold": "At least", "tracker": "Tracker"}
LABELS: Final[Mapping[str, str]] = {
    "name": "Name",
    "description": "Description",
    "award.points": "Points",
    "award.per": "For every so much spent",
    "award.percent": "Percent of the amount, as points",
    "award.fixed": "Points for each bill",
    "award.per_unit": "Points for each unit",
    "award.multiply": "Times the points of other rules",
    "award.of": "Of these rules",
    "kind": "Kind of points",
    "delay_days": "Days until they may be spent",
    "group": "Group",
    "max_points": "Most points for a bill",
    "max_points_per_day": "Most points for a customer's day",
    "max_points_per_month": "Most points for a customer's month",
    "when.min_amount": "Bills of at least",
    "when.stores": "At the stores",
    "when.zones": "In the zones",
    "when.concepts": "In the concepts",
    "when.tiers": "For the tiers",
    "when.weekdays": "On the days",
    "when.from": "First day",
    "when.until": "Last day",
    "when.items.include": "Items",
    "when.items.exclude": "All items but",
    "when.attributes": "Lines with attributes",
    "when.birthday": "On the customer's birthday",
    "when.segments.segment": "Segment",
    "when.segments.partition": "Partition",
    **_EXPIRY_LABELS,
    # Occasions and trackers.
    "on": "When",
    "fields": "Once these fields are filled",
    "type": "What it adds up",
    "mode": "How its window begins",
    "days": "Days of the window",
    "every_days": "Anew every so many days",
    "from": "Counted from",
    "period": "Anew every",
    # Tiers.
    **{f"upgrade.{name}": f"Reached: {label[0].lower()}{label[1:]}" for name, label in _CONDITIONS.items()},
    **{f"upgrade.conditions.{name}": f"One of several: {label[0].lower()}{label[1:]}" for name, label in _CONDITIONS.items()},
    "upgrade.match": "How many of several must hold",
    "renew.match": "How many must hold",
    **{f"renew.conditions.{name}": f"Kept: {label[0].lower()}{label[1:]}" for name, label in _CONDITIONS.items()},
    "validity_months": "Lasts so many months",
    "validity.end_of": "Or lasts until the end of the",
    "validity.years": "So many years later",
    "validity.months": "So many months later",
    "grace_days": "Days in which a renewal may still come",
    "downgrade_to": "When it ends without a renewal",
    "on_entry.points": "Points on reaching it",
    "on_entry.coupon_series": "Coupon series on reaching it",
    **{f"on_entry.{path}": label for path, label in _EXPIRY_LABELS.items()},
    # The program as a whole.
    "points_to_currency": "What a point is worth",
    "precision": "Decimals of a point",
    "enrolment.points": "Points for joining",
    **{f"enrolment.{path}": label for path, label in _EXPIRY_LABELS.items()},
    "birthday_field": "Field with the birthday",
    "expiry_notice_days": "Days of notice before points expire",
    "keeps_points_alive": "What keeps points alive that expire after the last activity",
    "redemption.min_points": "Fewest points of a redemption",
    "redemption.multiple_of": "In steps of",
    "redemption.max_points_per_day": "Most points of a day",
    "returns.allow_negative": "A return may take a balance below zero",
    "returns.give_back_redeemed": "A return gives back what was redeemed on the bill",
}
_HELPS: Final[Mapping[str, str]] = {
    "award.of": "None: of all other rules.",
    "when.stores": "None: everywhere.",
    "when.attributes": "One per line, like “brand: Alder, Birch”.",
    "when.items.include": "Item codes, one per line.",
    "when.items.exclude": "Item codes, one per line.",
    "group": "Of the rules of one group only the one that gives most counts.",
    "upgrade.match": "all, any, a number, or like (1 AND 2) OR 3.",
    "renew.match": "all, any, a number, or like (1 AND 2) OR 3.",
    "expiry_notice_days": "One number per line.",
    "fields": "Names of fields, one per line.",
}
_WORDS: Final[Mapping[str, str]] = {
    EarningKind.REGULAR: "regular",
    EarningKind.PROMOTIONAL: "promotional",
    **dict(zip(Weekday, ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"), strict=True)),
    f"when.birthday.{Birthday.MONTH}": "in its month",
    f"when.birthday.{Birthday.DAY}": "on the day",
    ExpiryKind.NEVER: "never",
    ExpiryKind.DAYS: "so many days later",
    ExpiryKind.MONTHS: "at the end of the month, so many months later",
    ExpiryKind.DATE: "after a date (YYYY-MM-DD)",
    ExpiryKind.LAST_ACTIVITY: "so many months after the last activity",
    ExpiryKind.ROLLING: "so many months after the last earning",
    ExpiryKind.ANNIVERSARY: "on an anniversary of the registration",
    ExpiryKind.MEMBERSHIP: "with the tier",
    ExpiryKind.FIELD: "on the date in a field, so many days later",
    Activity.BILL: "a bill",
    Activity.REDEMPTION: "a redemption",
    Activity.AWARD: "points earned",
    OccasionKind.BIRTHDAY: "on every birthday",
    OccasionKind.ANNIVERSARY: "on every anniversary of the registration",
    OccasionKind.PROFILE_COMPLETE: "once fields of the profile are filled",
    Downgrade.PREVIOUS: "back to the tier below",
    Downgrade.LOWEST: "back to the first tier",
    Downgrade.FITTING: "down to the tier that purchases of that time reach",
    Downgrade.NONE: "it is kept",
    EndOf.YEAR: "year",
    EndOf.MONTH: "month",
    Period.QUARTER: "quarter",
    TierMeasure.CUMULATIVE_PURCHASES: "purchases in all",
    TierMeasure.LIFETIME_POINTS: "points earned in all",
    TierMeasure.CURRENT_POINTS: "points at once",
    TierMeasure.TRACKER_VALUE_BASED: "a tracker",
    TierMeasure.PURCHASE: "purchases within the validity",
    TierMeasure.VISITS: "visits within the validity",
    TierMeasure.POINTS: "points earned within the validity",
    TierMeasure.TRACKER: "a tracker",
    TrackerType.BILL_AMOUNT: "amounts of bills",
    TrackerType.BILL_DISCOUNT: "discounts of bills",
    TrackerType.BILL_GROSS_AMOUNT: "gross amounts of bills",
    TrackerType.BILL_QUANTITY: "quantities of bills",
    TrackerType.LINEITEM_AMOUNT: "amounts of lines",
    TrackerType.LINEITEM_QTY: "quantities of lines",
    TrackerType.LINEITEM_COUNT: "lines",
    TrackerType.CUSTOMER_VISITS: "visits",
    f"type.{TrackerType.POINTS}": "points earned",
    TrackerMode.MOVING: "over the last days",
    TrackerMode.CYCLIC: "anew every so many days",
    TrackerMode.CALENDAR: "anew with a month, quarter or year",
    TrackerMode.TIER_CHANGE: "anew with every change of the tier",
}


def wording_of(rules: Mapping[str, Sequence[Mapping[str, object]]], *, hidden: frozenset[str] = frozenset()) -> Wording:
    """The wording of forms of these rules, with what may be chosen in the scope's organization."""
    tiers = _names(rules, "tiers")
    places = {
        f"when.{name}": list(
            model.objects.filter(is_active=True).order_by("code").values_list("code", flat=True)[: _MOST_BOXES + 1]
        )
        for name, model in (("stores", Store), ("zones", Zone), ("concepts", Concept))
    }
    dates = list(
        FieldDefinition.objects.filter(type=FieldDefinition.Type.DATE, is_active=True)
        .order_by("name")
        .values_list("name", flat=True)
    )
    partitions = SegmentPartition.objects.filter(is_active=True, segment__is_active=True)
    pairs = list(partitions.order_by("segment__name", "name").values_list("segment__name", "name"))
    trackers = _names(rules, "trackers")
    choices: dict[str, Sequence[str]] = {
        "when.tiers": tiers,
        "award.of": _names(rules, "earning"),
        "birthday_field": dates,
        "when.segments.segment": list(dict.fromkeys(segment for segment, _ in pairs)),
        "when.segments.partition": list(dict.fromkeys(partition for _, partition in pairs)),
        **{f"{where}.tracker": trackers for where in ("upgrade", "upgrade.conditions", "renew.conditions")},
        **places,
    }
    return Wording(
        labels=LABELS,
        words=_WORDS,
        choices={path: values for path, values in choices.items() if len(values) <= _MOST_BOXES},
        helps=_HELPS,
        hidden=hidden,
    )


def _names(rules: Mapping[str, Sequence[Mapping[str, object]]], part: str) -> list[str]:
    return [str(row["name"]) for row in rules.get(part, ())]
