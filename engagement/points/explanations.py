"""Explanation of a ledger entry in one sentence (docs/ledger.md, "How to read an entry").

It uses the entry and the program version that it names; today's rules make no difference.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

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
_DIGITS = (
    gettext_noop("whole points"),
    gettext_noop("one decimal"),
    gettext_noop("two decimals"),
    gettext_noop("three decimals"),
)
_MOVING = {
    PointsLot.Moves.LAST_ACTIVITY: gettext_noop("good until {months} months after the last activity"),
    PointsLot.Moves.ROLLING: gettext_noop("good until {months} months after the last earning"),
    PointsLot.Moves.MEMBERSHIP: gettext_noop("good as long as the tier"),
}


def explain(entry: PointsEntry) -> str:
    """One sentence: points gained or lost, the rule or event, and the figures behind it."""
    figures: Figures = entry.explanation
    describe = _DESCRIPTIONS.get(figures.get("because", ""), _moved)
    return f"{describe(entry, figures)}{_note(entry)}."


def _counted(amount: Decimal) -> int:
    """The number that decides between singular and plural; parts of a point are several."""
    return int(amount) if amount == int(amount) else 2


def _points(value: Any) -> str:
    amount = abs(Decimal(str(value)))
    return ngettext("%(amount)s point", "%(amount)s points", _counted(amount)) % {"amount": plain_digits(amount)}


def _effect(entry: PointsEntry) -> str:
    return _points(entry.points or entry.promised)


def _note(entry: PointsEntry) -> str:
    return f" ({entry.note})" if entry.note else ""


def _version(entry: PointsEntry) -> str:
    return gettext(" in %(program_version)s") % {"program_version": entry.program_version} if entry.program_version else ""


def describe_credit(entry: PointsEntry, figures: Figures) -> str:
    """Points credited, with their first and last day."""
    if "credited_on" in figures:
        came = gettext("%(points)s promised until %(credited_on)s") % {
            "points": _effect(entry),
            "credited_on": figures["credited_on"],
        }
    else:
        came = gettext("%(points)s credited") % {"points": _effect(entry)}
    if "moves" in figures:
        return f"{came}, {gettext(_MOVING[figures['moves']]).format(months=figures['months'])}"
    if "good_until" in figures:
        return (
            gettext("%(came)s, good until %(good_until)s") % {"came": came, "good_until": figures["good_until"]}
            if figures["good_until"]
            else gettext("%(came)s, which never expire") % {"came": came}
        )
    return came


def _by_rule(entry: PointsEntry, figures: Figures) -> str:
    steps = [_rate(figures)]
    before = Decimal(figures.get("before", 0))
    if Decimal(figures["exact"]) != (entry.points or entry.promised) + before or "cap" in figures:
        steps.append(gettext("rounded down to %(digits)s") % {"digits": gettext(_DIGITS[figures["precision"]])})
    if "cap" in figures:
        steps.append(_cap(figures))
    if before:
        steps.append(gettext("less %(before)s that the bill brought before its lines came") % {"before": plain_digits(before)})
    return gettext("%(points)s: rule “%(rule)s”%(version)s gives %(steps)s") % {
        "points": describe_credit(entry, figures),
        "rule": figures["rule"],
        "version": _version(entry),
        "steps": ", ".join(steps),
    }


def _cap(figures: Figures) -> str:
    """The cap that cut an award; of a day or a month also what was left of it."""
    cap, period = figures["cap"], figures.get("cap_of", "bill")
    if period == "bill":
        return gettext("capped at %(cap)s") % {"cap": cap}
    return gettext("capped at %(cap)s for a %(period)s, of which %(cap_left)s were left") % {
        "cap": cap,
        "period": period,
        "cap_left": figures["cap_left"],
    }


def _rate(figures: Figures) -> str:
    if "multiply" in figures:
        rules = ", ".join(f"“{rule}”" for rule in figures["of"])
        whole = gettext("%(multiply)s times the %(multiplied)s of %(rules)s in all") % {
            "multiply": figures["multiply"],
            "multiplied": _points(figures["multiplied"]),
            "rules": rules,
        }
        return gettext("%(whole)s, which adds %(exact)s") % {"whole": whole, "exact": figures["exact"]}
    base = _base(figures)
    if "fixed" in figures:
        fixed = {"points": _points(figures["fixed"]), "base": base}
        return (
            gettext("%(points)s for %(base)s") % fixed
            if "base" in figures
            else gettext("%(points)s for a bill of %(base)s") % fixed
        )
    if "per_unit" in figures:
        return gettext("%(per_unit)s for each of %(quantity)s units, which is %(exact)s") % {
            "per_unit": _points(figures["per_unit"]),
            "quantity": figures["quantity"],
            "exact": figures["exact"],
        }
    if "percent" in figures:
        return gettext("%(percent)s percent of %(base)s, which is %(exact)s") % {
            "percent": figures["percent"],
            "base": base,
            "exact": figures["exact"],
        }
    return gettext("%(points)s per %(per)s of %(base)s, which is %(exact)s") % {
        "points": _points(figures["points"]),
        "per": figures["per"],
        "base": base,
        "exact": figures["exact"],
    }


def _base(figures: Figures) -> str:
    """The amount that a rule looked at: the bill's, or that of some of its lines."""
    if "base" not in figures:
        return str(figures["amount"])
    lines = ", ".join(map(str, figures["lines"]))
    return ngettext(
        "%(base)s, the part of line %(lines)s in %(amount)s",
        "%(base)s, the part of lines %(lines)s in %(amount)s",
        len(figures["lines"]),
    ) % {"base": figures["base"], "lines": lines, "amount": figures["amount"]}


def _welcome(entry: PointsEntry, figures: Figures) -> str:
    return gettext("%(points)s: welcome award for joining%(version)s") % {
        "points": describe_credit(entry, figures),
        "version": _version(entry),
    }


def _for_tier(entry: PointsEntry, figures: Figures) -> str:
    return gettext("%(points)s: for reaching %(tier)s%(version)s") % {
        "points": describe_credit(entry, figures),
        "tier": figures["tier"],
        "version": _version(entry),
    }


def _occasion(entry: PointsEntry, figures: Figures) -> str:
    return gettext("%(points)s: occasion “%(occasion)s”%(version)s") % {
        "points": describe_credit(entry, figures),
        "occasion": figures["occasion"],
        "version": _version(entry),
    }


def _referral(entry: PointsEntry, figures: Figures) -> str:
    side = gettext("referring a customer") if figures["role"] == "REFERRER" else gettext("coming by a referral")
    return gettext("%(points)s: for %(side)s, campaign %(campaign)s%(version)s") % {
        "points": describe_credit(entry, figures),
        "side": side,
        "campaign": figures["campaign"],
        "version": _version(entry),
    }


def _referral_back(entry: PointsEntry, figures: Figures) -> str:
    taken = gettext("%(points)s of campaign %(campaign)s taken back: the first bill of the referee came back") % {
        "points": _effect(entry),
        "campaign": figures["campaign"],
    }
    gone = Decimal(figures["gone"])
    return (
        gettext("%(taken)s; %(gone)s had been spent or had expired") % {"taken": taken, "gone": _points(gone)}
        if gone
        else taken
    )


def _stated(entry: PointsEntry, figures: Figures) -> str:
    return gettext("%(points)s: stated with the bill when it was imported") % {"points": describe_credit(entry, figures)}


def _imported(entry: PointsEntry, figures: Figures) -> str:
    if entry.points + entry.promised > 0:
        return gettext("%(points)s: brought in by an import") % {"points": describe_credit(entry, figures)}
    return gettext("%(points)s %(kind)s: brought in by an import") % {
        "points": _effect(entry),
        "kind": gettext(_GONE.get(entry.kind, gettext_noop("taken"))),
    }


def _adjusted(entry: PointsEntry, figures: Figures) -> str:
    return (
        gettext("%(points)s: adjustment") % {"points": describe_credit(entry, figures)}
        if entry.points > 0
        else gettext("%(points)s taken by an adjustment") % {"points": _effect(entry)}
    )


def _taken_back(entry: PointsEntry, figures: Figures) -> str:
    if entry.points > 0:
        return gettext("%(points)s given back that the adjustment of %(adjusted_on)s had taken") % {
            "points": _effect(entry),
            "adjusted_on": figures["adjusted_on"],
        }
    taken = gettext("%(points)s taken back that the adjustment of %(adjusted_on)s had added") % {
        "points": _effect(entry),
        "adjusted_on": figures["adjusted_on"],
    }
    gone = Decimal(figures["gone"])
    return (
        gettext("%(taken)s; %(gone)s had been spent or had expired") % {"taken": taken, "gone": _points(gone)}
        if gone
        else taken
    )


def _undone(entry: PointsEntry, _figures: Figures) -> str:
    return gettext("%(points)s taken back: the import that registered the customer was undone") % {"points": _effect(entry)}


def _released(entry: PointsEntry, figures: Figures) -> str:
    return gettext("%(points)s released that were promised on %(promised_on)s") % {
        "points": _effect(entry),
        "promised_on": figures["promised_on"],
    }


def _expired(entry: PointsEntry, figures: Figures) -> str:
    return gettext("%(points)s expired after their last day %(last_day)s") % {
        "points": _effect(entry),
        "last_day": figures["last_day"],
    }


def _expired_at_once(entry: PointsEntry, _figures: Figures) -> str:
    return gettext("%(points)s expired at once: they came back by a reversal when their last day was over") % {
        "points": _effect(entry)
    }


def _redeemed(entry: PointsEntry, figures: Figures) -> str:
    worth = gettext(", worth %(value)s") % {"value": figures["value"]} if figures.get("value") else ""
    return gettext("%(points)s redeemed%(worth)s") % {"points": _effect(entry), "worth": worth}


def _reversed(entry: PointsEntry, figures: Figures) -> str:
    if figures.get("sale") and figures.get("redemption"):
        by = gettext("the return of bill %(sale)s, of redemption %(redemption)s") % figures
    elif figures.get("sale"):
        by = gettext("the return of bill %(sale)s") % figures
    elif figures.get("redemption"):
        by = gettext("a reversal of redemption %(redemption)s") % figures
    else:
        by = gettext("a reversal")
    return gettext("%(points)s given back by %(by)s") % {"points": _effect(entry), "by": by}


def _returned(_entry: PointsEntry, figures: Figures) -> str:
    sale = gettext(" of bill %(sale)s") % {"sale": figures["sale"]} if figures.get("sale") else ""
    parts = [f"{figures[key]} {gettext(words)}" for key, words in _PARTS.items() if Decimal(figures[key])]
    return gettext("Return%(sale)s claimed %(claimed)s: %(parts)s") % {
        "sale": sale,
        "claimed": _points(figures["claimed"]),
        "parts": ", ".join(parts),
    }


def _moved(entry: PointsEntry, figures: Figures) -> str:
    return f"{_effect(entry)} {gettext(_GONE[entry.kind])}" if entry.kind in _GONE else describe_credit(entry, figures)


# Sources of a return's points, by their figure in the explanation.
_PARTS = {
    "from_promised": gettext_noop("promised and not to come any more"),
    "from_own": gettext_noop("taken from what the bill had brought"),
    "from_others": gettext_noop("taken from other points, for what had been spent"),
    "shortfall": gettext_noop("had been spent and are forgiven"),
    "lapsed": gettext_noop("had expired"),
}
_GONE: Mapping[str, str] = {
    Kind.REDEEM: gettext_noop("redeemed"),
    Kind.EXPIRE: gettext_noop("expired"),
    Kind.ADJUST: gettext_noop("taken by an adjustment"),
    Kind.RETURN: gettext_noop("taken back for a return"),
    Kind.REVERSAL: gettext_noop("given back by a reversal"),
    Kind.RELEASE: gettext_noop("released"),
    Kind.MERGE_OUT: gettext_noop("moved to another account"),
    Kind.MERGE_IN: gettext_noop("moved here from another account"),
}


def _customer(entry: PointsEntry, pk: int) -> str:
    """The customer with their id. Staff limited to stores read no id but that of the customer whose entry it is."""
    return (
        gettext("customer %(pk)s") % {"pk": pk}
        if pk == entry.account.customer_id or not current_reach().stores
        else gettext("another customer")
    )


def _merged(entry: PointsEntry, figures: Figures) -> str:
    victim, survivor = (_customer(entry, figures[side]) for side in ("victim", "survivor"))
    return gettext("%(points)s: %(victim)s was merged into %(survivor)s") % {
        "points": _carried(entry),
        "victim": victim,
        "survivor": survivor,
    }


def _divided(entry: PointsEntry, figures: Figures) -> str:
    victim, survivor = (_customer(entry, figures[side]) for side in ("victim", "survivor"))
    return gettext("%(points)s: the merge of %(victim)s into %(survivor)s was undone") % {
        "points": _carried(entry),
        "victim": victim,
        "survivor": survivor,
    }


def _followed(entry: PointsEntry, _figures: Figures) -> str:
    return gettext("%(points)s: they follow those that a merge had moved before") % {"points": _carried(entry)}


def _carried(entry: PointsEntry) -> str:
    """Points, promised points or a debt that a merge moved."""
    came, total = entry.kind == Kind.MERGE_IN, entry.points + entry.promised
    what = _effect(entry) + (gettext(" promised") if entry.promised else gettext(" owed") if (total > 0) != came else "")
    return (
        gettext("%(what)s came from another account") % {"what": what}
        if came
        else gettext("%(what)s moved to another account") % {"what": what}
    )


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
