"""What do the rules of a program say, to people? Sentences from the rules of a version (docs/organization-file.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engagement.numbers.decimals import decimal
from engagement.numbers.display import format_money, format_points

Rules = Mapping[str, Any]
_WEEKDAYS: Final[Mapping[str, str]] = {
    "mon": "Mondays",
    "tue": "Tuesdays",
    "wed": "Wednesdays",
    "thu": "Thursdays",
    "fri": "Fridays",
    "sat": "Saturdays",
    "sun": "Sundays",
}
_UPGRADES: Final[Mapping[str, str]] = {
    "CUMULATIVE_PURCHASES": "purchases of {} in all",
    "LIFETIME_POINTS": "{} points earned in all",
    "CURRENT_POINTS": "{} points at once",
    "TRACKER_VALUE_BASED": "{} by the tracker {}",
}
_RENEWALS: Final[Mapping[str, str]] = {
    "PURCHASE": "purchases of {}",
    "VISITS": "{} visits",
    "POINTS": "{} points earned",
    "TRACKER": "{} by the tracker {}",
}
_EXPIRIES: Final[Mapping[str, str]] = {
    "never": "they never expire",
    "days": "they expire {days} later",
    "months": "they expire at the end of the month, {months} later",
    "date": "they expire after {value}",
    "last_activity": "they expire {months} after the last bill",
    "rolling": "they expire {months} after the last earning",
    "anniversary": "they expire on anniversary {value} of the registration",
    "membership": "they expire with the tier",
    "field": "they expire on the date in the field {name}",
}
_MONEY: Final = {"CUMULATIVE_PURCHASES", "PURCHASE"}
_DOWNGRADES: Final[Mapping[str, str]] = {
    "previous": "else back to the tier below",
    "lowest": "else back to the first tier",
    "none": "else without a tier",
}


@dataclass(frozen=True, slots=True)
class Description:
    """One rule in words: its name, and what it says in sentences."""

    name: str
    sentences: Sequence[str]


def describe_enrolment(rules: Rules) -> str:
    """What somebody gets who joins; "" for nothing."""
    enrolment = rules.get("enrolment")
    if not enrolment:
        return ""
    return f"{_points(enrolment['points'])} on joining; {describe_expiry(enrolment.get('expiry'))}."


def describe_earning(rules: Rules) -> list[Description]:
    """Each earning rule, in the order in which they are tried."""
    return [Description(rule["name"], list(_earning_sentences(rule))) for rule in rules.get("earning", ())]


def _earning_sentences(rule: Rules) -> Iterator[str]:
    kind = "promotional " if rule.get("kind") == "promotional" else ""
    yield f"{_award(rule['award'], kind)}{_conditions(rule.get('when') or {})}."
    if days := rule.get("delay_days"):
        yield f"Promised first; theirs to spend {_many(days, 'day')} later."
    yield _sentence(describe_expiry(rule.get("expiry")))
    if (most := decimal(rule.get("max_points"))) is not None:
        yield f"At most {format_points(most)} for one bill."


def _award(award: Rules, kind: str) -> str:
    if (fixed := decimal(award.get("fixed"))) is not None:
        return f"{format_points(fixed)} {kind}points for each bill"
    if (percent := decimal(award.get("percent"))) is not None:
        return f"{format_points(percent)} % of the amount as {kind}points"
    per, points = decimal(award["per"]), decimal(award["points"])
    assert per is not None  # noqa: S101 - the organization file has both or neither
    assert points is not None  # noqa: S101 - as above
    return f"{format_points(points)} {kind}{'point' if points == 1 else 'points'} for every {format_points(per)} spent"


def _conditions(when: Rules) -> str:
    parts = []
    if (minimum := decimal(when.get("min_amount"))) is not None:
        parts.append(f"on bills of {format_money(minimum)} or more")
    parts += [
        f"{word} {_listed(when[name], 'or')}"
        for name, word in (
            ("stores", "at"),
            ("zones", "in the zone"),
            ("concepts", "in the concept"),
            ("tiers", "for the tier"),
        )
        if when.get(name)
    ]
    if weekdays := when.get("weekdays"):
        parts.append(f"on {_listed([_WEEKDAYS[day] for day in weekdays], 'and')}")
    if when.get("from"):
        parts.append(f"from {when['from']}")
    if when.get("until"):
        parts.append(f"until {when['until']}")
    return f" {', '.join(parts)}" if parts else ""


def describe_expiry(rule: Rules | None) -> str:
    """When points expire, as the end of a sentence."""
    rule = rule or {"kind": "never"}
    value = rule.get("value")
    number = value if isinstance(value, int) else 0
    text = _EXPIRIES[rule["kind"]].format(
        value=value, days=_many(number, "day"), months=_many(number, "month"), name=rule.get("name")
    )
    return f"{text}, {_many(number, 'day')} later" if rule["kind"] == "field" and number else text


def describe_tiers(rules: Rules) -> list[Description]:
    """Each tier, lowest first: how it is reached, how long it lasts, how it is kept."""
    return [Description(tier["name"], list(_tier_sentences(tier))) for tier in rules.get("tiers", ())]


def _tier_sentences(tier: Rules) -> Iterator[str]:
    upgrade = tier.get("upgrade")
    yield f"Reached by {_all_conditions(upgrade, _UPGRADES)}." if upgrade else "Everybody starts here."
    months = tier.get("validity_months")
    yield f"Lasts {_many(months, 'month')}." if months else "Lasts for ever."
    if renew := tier.get("renew"):
        downgrade = _DOWNGRADES[tier.get("downgrade_to", "none")]
        yield f"Kept by {_all_conditions(renew, _RENEWALS)} meanwhile; {downgrade}."
    elif months:
        yield f"Not renewed; {_DOWNGRADES[tier.get('downgrade_to', 'none')].removeprefix('else ')} afterwards."


def _all_conditions(asked: Rules, words: Mapping[str, str]) -> str:
    conditions: Sequence[Rules] = asked.get("conditions") or [asked]
    told = [_condition(one, words) for one in conditions]
    match asked.get("match", "all"):
        case "all":
            return _listed(told, "and")
        case "any":
            return _listed(told, "or")
        case int() as number:
            return f"{number} of: {'; '.join(told)}"
        case expression:
            numbered = "; ".join(f"({number}) {one}" for number, one in enumerate(told, start=1))
            return f"{expression}, where {numbered}"


def _condition(condition: Rules, words: Mapping[str, str]) -> str:
    measure = condition["based_on"]
    threshold = decimal(condition["threshold"])
    assert threshold is not None  # noqa: S101 - the organization file asks for one
    told = format_money(threshold) if measure in _MONEY else format_points(threshold)
    return words[measure].format(told, condition.get("tracker"))


def describe_redemption(rules: Rules, *, currency: str) -> list[str]:
    """What limits spending."""
    limits = rules.get("redemption") or {}
    sentences = [
        text.format(format_points(points))
        for name, text in (
            ("min_points", "At least {} points at a time."),
            ("multiple_of", "In steps of {} points."),
            ("max_points_per_day", "At most {} points a day."),
        )
        if (points := decimal(limits.get(name))) is not None
    ]
    if (worth := decimal(rules.get("points_to_currency"))) is not None:
        sentences.append(f"A point is worth {format_points(worth)} {currency}.")
    return sentences or ["No limits."]


def describe_returns(rules: Rules) -> str:
    """What becomes of points of which the bill is returned."""
    if (rules.get("returns") or {}).get("allow_negative"):
        return "What a bill brought is taken back when it is returned, below zero where it is spent already."
    return "What a bill brought is taken back when it is returned, never below zero."


def describe_trackers(rules: Rules) -> list[Description]:
    """Each tracker: what it counts, over which time."""
    return [Description(one["name"], [_tracker(one)]) for one in rules.get("trackers", ())]


def _tracker(tracker: Rules) -> str:
    counted = tracker["type"].replace("_", " ").lower().replace("lineitem", "line item").replace("qty", "quantity")
    match tracker["mode"]:
        case "MOVING_WINDOW":
            window = f"over the last {_many(tracker['days'], 'day')}"
        case "CYCLIC_WINDOW":
            window = f"anew every {_many(tracker['every_days'], 'day')} from {tracker['from']}"
        case "CALENDAR_BASED_CYCLIC_WINDOW":
            window = f"anew every {tracker['period']}"
        case _:
            window = "anew with every change of the tier"
    return f"Counts {counted} {window}."


def _points(points: Any) -> str:
    number = decimal(points)
    assert number is not None  # noqa: S101 - the organization file asks for them
    return f"{format_points(number)} {'point' if number == 1 else 'points'}"


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
