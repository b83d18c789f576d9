"""Random rules, bills and caps, compared with the second calculation of reckoning.py; `make prove` takes more of them."""

import os
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engagement.bills.models import Bill
from engagement.earning.circumstances import EarlierAwards
from engagement.earning.parts import CameBack, claim_of
from engagement.earning.rules import Award, earn
from engagement.earning.sales import Sale, SaleLine
from engagement.programs.account_key import AccountKey
from engagement.programs.rules import ProgramRules
from tests.engagement.earning.reckoning import Line, Purchase, Reckoning, matches

FULL = os.environ.get("REGULARS_PROOFS") == "full"
EXAMPLES = 20_000 if FULL else 300
KEY = AccountKey(1, 1)
ITEMS, KINDS = ["SHOE", "HAT", "BEAN"], ["winter", "summer"]

items = st.lists(st.sampled_from(ITEMS), max_size=2, unique=True)
caps = st.fixed_dictionaries(
    {},
    optional={name: st.integers(0, 300) for name in ("max_points", "max_points_per_day", "max_points_per_month")},
)
when = st.fixed_dictionaries(
    {},
    optional={
        "min_amount": st.integers(0, 150),
        "items": st.fixed_dictionaries({"include": items, "exclude": items}).filter(lambda row: any(row.values())),
        "attributes": st.just({"kind": ["winter"]}),
    },
)
awards = st.one_of(
    st.fixed_dictionaries({"per": st.sampled_from([1, 3, 10, 100]), "points": st.sampled_from([1, 5, 0.5])}),
    st.fixed_dictionaries({"percent": st.sampled_from([1, 2.5, 10])}),
    st.fixed_dictionaries({"fixed": st.sampled_from([0, 7, 30])}),
    st.fixed_dictionaries({"per_unit": st.sampled_from([1, 2.5])}),
)
plain_rules = st.builds(
    lambda award, condition, kind, group, limits: {
        "award": award, "when": condition, "kind": kind, **({"group": group} if group else {}), **limits,
    },
    awards, when, st.sampled_from(["regular", "regular", "promotional"]), st.sampled_from(["", "a", "b"]), caps,
)  # fmt: skip
multipliers = st.builds(
    lambda times, group, limits: {"award": {"multiply": times}, **({"group": group} if group else {}), **limits},
    st.sampled_from([1.5, 2, 3]), st.sampled_from(["", "m"]), caps,
)  # fmt: skip
rule_lists = st.lists(st.one_of(plain_rules, plain_rules, multipliers), min_size=1, max_size=6).map(
    lambda rules: [{"name": f"rule {number}", **rule} for number, rule in enumerate(rules)]
)
lines = st.lists(
    st.builds(Line, st.sampled_from(ITEMS), st.sampled_from(KINDS), st.integers(1, 4), st.integers(0, 300)), max_size=4
)
purchases = st.lists(
    st.builds(
        Purchase,
        st.sampled_from([date(2026, 3, 30), date(2026, 3, 31), date(2026, 4, 1)]),
        st.integers(0, 100_000).map(lambda cents: Fraction(cents, 100)),
        lines,
    ),
    min_size=1,
    max_size=5,
)


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def sale_of(purchase: Purchase, **more: Any) -> Sale:
    return Sale(
        amount=decimal(purchase.amount),
        day=purchase.day,
        currency="INR",
        lines=tuple(
            SaleLine(
                position=position,
                item_code=line.item,
                quantity=Decimal(line.quantity),
                amount=Decimal(line.amount),
                attributes={"kind": line.kind},
            )
            for position, line in enumerate(purchase.lines, start=1)
        ),
        **more,
    )


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None)
@given(rules=rule_lists, precision=st.integers(0, 2), bills=purchases)
def test_bills_earn_what_the_second_calculation_says(
    rules: list[dict[str, Any]], precision: int, bills: list[Purchase]
) -> None:
    typed = ProgramRules.from_json({"earning": rules, "precision": precision})
    reckoning, awarded = Reckoning(rules, precision), EarlierAwards()
    for number, purchase in enumerate(bills):
        bill = Bill(pk=number, billed_on=purchase.day)
        results = earn(typed, sale_of(purchase, given=awarded.before(KEY, typed.earning, bill)))
        points = {result.rule: result.points if isinstance(result, Award) else Decimal(0) for result in results}
        assert points == {name: decimal(value) for name, value in reckoning.buy(purchase).items()}
        for result in results:
            if isinstance(result, Award):
                awarded.add(KEY, result, bill)
                assert sum(part.points for part in result.parts) <= result.points


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None)
@given(rules=st.lists(plain_rules, min_size=1, max_size=4), bill=purchases.map(lambda bills: bills[0]), data=st.data())
def test_returned_lines_claim_what_the_second_calculation_says(
    rules: list[dict[str, Any]], bill: Purchase, data: st.DataObject
) -> None:
    # Lines cost what the bill costs, so that any of them may come back.
    purchase = Purchase(bill.day, Fraction(sum(line.amount for line in bill.lines)), bill.lines)
    named = [{"name": f"rule {number}", **rule} for number, rule in enumerate(rules)]
    awards = [
        result for result in earn(ProgramRules.from_json({"earning": named}), sale_of(purchase)) if isinstance(result, Award)
    ]
    back = [data.draw(st.integers(0, line.amount)) for line in purchase.lines]
    claim = claim_of(
        sum((award.points for award in awards), Decimal(0)),
        [part for award in awards for part in award.parts],
        CameBack(
            amount=decimal(purchase.amount),
            returned=Decimal(sum(back)),
            sold={position: Decimal(line.amount) for position, line in enumerate(purchase.lines, start=1)},
            lines={position: Decimal(amount) for position, amount in enumerate(back, start=1)},
        ),
        precision=0,
    )
    expected = Fraction(0)
    for award in awards:
        condition = named[int(award.rule.removeprefix("rule "))]["when"]
        scoped = "items" in condition or "attributes" in condition
        chosen = [number for number, line in enumerate(purchase.lines) if not scoped or matches(condition, line)]
        whole = sum(purchase.lines[number].amount for number in chosen)
        came = sum(back[number] for number in chosen)
        is_whole = sum(back) >= purchase.amount
        expected += Fraction(int(award.points)) * (1 if is_whole else Fraction(came, whole))
    assert claim == floor(expected)
