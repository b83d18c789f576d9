"""Explanation of a ledger entry in one sentence (docs/ledger.md, "How to read an entry").

It uses the entry and the program version that it names; today's rules make no difference.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engagement.points.models import PointsEntry, PointsLot
from loyalty_project.protocol.numbers import plain_digits
from organizations.staff.reach import current_reach

Figures = Mapping[str, Any]
Kind = PointsEntry.Kind
# Stored with the entry of a welcome award, as the reason.
WELCOME = "welcome"
# The same of an adjustment by staff.
ADJUSTMENT = "adjustment"
# The same of points for reaching a tier.
TIER = "tier"
# The same of an occasion, such as a birthday.
OCCASION = "occasion"
# The same of a referral, and of one whose first bill came back.
REFERRAL = "referral"
REFERRAL_BACK = "referral taken back"
# The same of points that went with the import that had registered their customer.
IMPORT_UNDONE = "import undone"
_DIGITS = ("whole points", "one decimal", "two decimals", "three decimals")
_MOVING = {
    PointsLot.Moves.LAST_ACTIVITY: "good until {months} months after the last activity",
    PointsLot.Moves.ROLLING: "good until {months} months after the last earning",
    PointsLot.Moves.MEMBERSHIP: "good as long as the tier",
}


def explain(entry: PointsEntry) -> str:
    """One sentence: points gained or lost, the rule or event, and the figures behind it."""
    figures: Figures = entry.explanation
    describe = _DESCRIPTIONS.get(figures.get("because", ""), _moved)
    return f"{describe(entry, figures)}{_note(entry)}."


def _points(value: Any) -> str:
    amount = abs(Decimal(str(value)))
    return f"{plain_digits(amount)} point{'' if amount == 1 else 's'}"


def _effect(entry: PointsEntry) -> str:
    return _points(entry.points or entry.promised)


def _note(entry: PointsEntry) -> str:
    return f" ({entry.note})" if entry.note else ""


def _version(entry: PointsEntry) -> str:
    return f" in {entry.program_version}" if entry.program_version else ""


def _credited(entry: PointsEntry, figures: Figures) -> str:
    """Points credited, with their first and last day."""
    if "credited_on" in figures:
        came = f"{_effect(entry)} promised until {figures['credited_on']}"
    else:
        came = f"{_effect(entry)} credited"
    if "moves" in figures:
        return f"{came}, {_MOVING[figures['moves']].format(months=figures['months'])}"
    if "good_until" in figures:
        return f"{came}, good until {figures['good_until']}" if figures["good_until"] else f"{came}, which never expire"
    return came


def _by_rule(entry: PointsEntry, figures: Figures) -> str:
    steps = [_rate(figures)]
    before = Decimal(figures.get("before", 0))
    if Decimal(figures["exact"]) != (entry.points or entry.promised) + before or "cap" in figures:
        steps.append(f"rounded down to {_DIGITS[figures['precision']]}")
    if "cap" in figures:
        steps.append(_cap(figures))
    if before:
        steps.append(f"less {plain_digits(before)} that the bill brought before its lines came")
    return f"{_credited(entry, figures)}: rule “{figures['rule']}”{_version(entry)} gives {', '.join(steps)}"


def _cap(figures: Figures) -> str:
    """The cap that cut an award; of a day or a month also what was left of it."""
    cap, period = figures["cap"], figures.get("cap_of", "bill")
    if period == "bill":
        return f"capped at {cap}"
    return f"capped at {cap} for a {period}, of which {figures['cap_left']} were left"


def _rate(figures: Figures) -> str:
    if "multiply" in figures:
        rules = ", ".join(f"“{rule}”" for rule in figures["of"])
        whole = f"{figures['multiply']} times the {_points(figures['multiplied'])} of {rules} in all"
        return f"{whole}, which adds {figures['exact']}"
    base = _base(figures)
    if "fixed" in figures:
        return f"{_points(figures['fixed'])} for {'' if 'base' in figures else 'a bill of '}{base}"
    if "per_unit" in figures:
        return f"{_points(figures['per_unit'])} for each of {figures['quantity']} units, which is {figures['exact']}"
    if "percent" in figures:
        return f"{figures['percent']} percent of {base}, which is {figures['exact']}"
    return f"{_points(figures['points'])} per {figures['per']} of {base}, which is {figures['exact']}"


def _base(figures: Figures) -> str:
    """The amount that a rule looked at: the bill's, or that of some of its lines."""
    if "base" not in figures:
        return str(figures["amount"])
    lines = ", ".join(map(str, figures["lines"]))
    return f"{figures['base']}, the part of {'line' if len(figures['lines']) == 1 else 'lines'} {lines} in {figures['amount']}"


def _welcome(entry: PointsEntry, figures: Figures) -> str:
    return f"{_credited(entry, figures)}: welcome award for joining{_version(entry)}"


def _for_tier(entry: PointsEntry, figures: Figures) -> str:
    return f"{_credited(entry, figures)}: for reaching {figures['tier']}{_version(entry)}"


def _occasion(entry: PointsEntry, figures: Figures) -> str:
    return f"{_credited(entry, figures)}: occasion “{figures['occasion']}”{_version(entry)}"


def _referral(entry: PointsEntry, figures: Figures) -> str:
    side = "referring a customer" if figures["role"] == "REFERRER" else "coming by a referral"
    return f"{_credited(entry, figures)}: for {side}, campaign {figures['campaign']}{_version(entry)}"


def _referral_back(entry: PointsEntry, figures: Figures) -> str:
    taken = f"{_effect(entry)} of campaign {figures['campaign']} taken back: the first bill of the referee came back"
    gone = Decimal(figures["gone"])
    return f"{taken}; {_points(gone)} had been spent or had expired" if gone else taken


def _stated(entry: PointsEntry, figures: Figures) -> str:
    return f"{_credited(entry, figures)}: stated with the bill when it was imported"


def _imported(entry: PointsEntry, figures: Figures) -> str:
    if entry.points + entry.promised > 0:
        return f"{_credited(entry, figures)}: brought in by an import"
    return f"{_effect(entry)} {_GONE.get(entry.kind, 'taken')}: brought in by an import"


def _adjusted(entry: PointsEntry, figures: Figures) -> str:
    return f"{_credited(entry, figures)}: adjustment" if entry.points > 0 else f"{_effect(entry)} taken by an adjustment"


def _taken_back(entry: PointsEntry, figures: Figures) -> str:
    if entry.points > 0:
        return f"{_effect(entry)} given back that the adjustment of {figures['adjusted_on']} had taken"
    taken = f"{_effect(entry)} taken back that the adjustment of {figures['adjusted_on']} had added"
    gone = Decimal(figures["gone"])
    return f"{taken}; {_points(gone)} had been spent or had expired" if gone else taken


def _undone(entry: PointsEntry, _figures: Figures) -> str:
    return f"{_effect(entry)} taken back: the import that registered the customer was undone"


def _released(entry: PointsEntry, figures: Figures) -> str:
    return f"{_effect(entry)} released that were promised on {figures['promised_on']}"


def _expired(entry: PointsEntry, figures: Figures) -> str:
    return f"{_effect(entry)} expired after their last day {figures['last_day']}"


def _expired_at_once(entry: PointsEntry, _figures: Figures) -> str:
    return f"{_effect(entry)} expired at once: they came back by a reversal when their last day was over"


def _redeemed(entry: PointsEntry, figures: Figures) -> str:
    worth = f", worth {figures['value']}" if figures.get("value") else ""
    return f"{_effect(entry)} redeemed{worth}"


def _reversed(entry: PointsEntry, figures: Figures) -> str:
    which = f"{', ' if figures.get('sale') else ' '}of redemption {figures['redemption']}" if figures.get("redemption") else ""
    how = f"the return of bill {figures['sale']}" if figures.get("sale") else "a reversal"
    return f"{_effect(entry)} given back by {how}{which}"


def _returned(_entry: PointsEntry, figures: Figures) -> str:
    sale = f" of bill {figures['sale']}" if figures.get("sale") else ""
    parts = [f"{figures[key]} {words}" for key, words in _PARTS.items() if Decimal(figures[key])]
    return f"Return{sale} claimed {_points(figures['claimed'])}: {', '.join(parts)}"


def _moved(entry: PointsEntry, figures: Figures) -> str:
    return f"{_effect(entry)} {_GONE[entry.kind]}" if entry.kind in _GONE else _credited(entry, figures)


# Sources of a return's points, by their figure in the explanation.
_PARTS = {
    "from_promised": "promised and not to come any more",
    "from_own": "taken from what the bill had brought",
    "from_others": "taken from other points, for what had been spent",
    "shortfall": "had been spent and are forgiven",
    "lapsed": "had expired",
}
_GONE: Mapping[str, str] = {
    Kind.REDEEM: "redeemed",
    Kind.EXPIRE: "expired",
    Kind.ADJUST: "taken by an adjustment",
    Kind.RETURN: "taken back for a return",
    Kind.REVERSAL: "given back by a reversal",
    Kind.RELEASE: "released",
    Kind.MERGE_OUT: "moved to another account",
    Kind.MERGE_IN: "moved here from another account",
}


def _customer(entry: PointsEntry, pk: int) -> str:
    """The customer with their id. Staff limited to stores read no id but that of the customer whose entry it is."""
    return f"customer {pk}" if pk == entry.account.customer_id or not current_reach().stores else "another customer"


def _merged(entry: PointsEntry, figures: Figures) -> str:
    victim, survivor = (_customer(entry, figures[side]) for side in ("victim", "survivor"))
    return f"{_carried(entry)}: {victim} was merged into {survivor}"


def _divided(entry: PointsEntry, figures: Figures) -> str:
    victim, survivor = (_customer(entry, figures[side]) for side in ("victim", "survivor"))
    return f"{_carried(entry)}: the merge of {victim} into {survivor} was undone"


def _followed(entry: PointsEntry, _figures: Figures) -> str:
    return f"{_carried(entry)}: they follow those that a merge had moved before"


def _carried(entry: PointsEntry) -> str:
    """Points, promised points or a debt that a merge moved."""
    came, total = entry.kind == Kind.MERGE_IN, entry.points + entry.promised
    what = _effect(entry) + (" promised" if entry.promised else " owed" if (total > 0) != came else "")
    return f"{what} came from another account" if came else f"{what} moved to another account"


_DESCRIPTIONS: Mapping[str, Callable[[PointsEntry, Figures], str]] = {
    "rule": _by_rule,
    WELCOME: _welcome,
    TIER: _for_tier,
    OCCASION: _occasion,
    REFERRAL: _referral,
    REFERRAL_BACK: _referral_back,
    "stated": _stated,
    "import": _imported,
    ADJUSTMENT: _adjusted,
    "adjustment taken back": _taken_back,
    "release": _released,
    "expiry": _expired,
    "expired before the reversal": _expired_at_once,
    "redemption": _redeemed,
    "reversal": _reversed,
    "return": _returned,
    "merge": _merged,
    "unmerge": _divided,
    "merged before": _followed,
    IMPORT_UNDONE: _undone,
}
