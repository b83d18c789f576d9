"""What does an entry say? Each sentence from the entry as the ledger makes it, and nothing else."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engagement.earning.rules import Award, Sale, earn
from engagement.points.expiry import Expiry
from engagement.points.explanations import explain
from engagement.points.ledger.movements import award, move, move_debt, reverse, spend, take_back
from engagement.points.ledger.posting import AccountState, EntryContext, Kind, post
from engagement.points.ledger.settlement import settle
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.models import Program, ProgramVersion
from engagement.programs.rules import ProgramRules
from tests.factories.points import facts

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
CLUB = ProgramVersion(program=Program(name="Club"), number=3)
Moves = PointsLot.Moves


def new_state() -> AccountState:
    return AccountState(account=PointsAccount(organization_id=1), zone=ZoneInfo("Asia/Kolkata"))


def because(reason: str, **more: Any) -> EntryContext:
    return facts(AT, version=CLUB, explanation={"because": reason, **more})


def given(rule: dict[str, Any], amount: str, *, precision: int = 0, **terms: Any) -> str:
    """The sentence for what a rule gives."""
    rules = ProgramRules.from_json({"precision": precision, "earning": [{"name": "base", **rule}]})
    (result,) = earn(rules, Sale(amount=Decimal(amount), day=AT.date()))
    assert isinstance(result, Award)
    return explain(award(new_state(), result.points, facts=facts(AT, version=CLUB, explanation=result.figures), **terms))


@pytest.mark.parametrize(
    ("rule", "amount", "more", "sentence"),
    [
        (
            {"award": {"per": 100, "points": 5}},
            "480.5",
            {"expiry": Expiry(on=date(2027, 3, 31))},
            "24 points credited, good until 2027-03-31: rule “base” in Club, version 3 gives 5 points per 100 of 480.5, "
            "which is 24.025, rounded down to whole points.",
        ),
        (
            {"award": {"percent": 5}},
            "200",
            {},
            "10 points credited, which never expire: rule “base” in Club, version 3 gives 5 percent of 200, which is 10.",
        ),
        (
            {"award": {"percent": 5}, "max_points": 10},
            "333.5",
            {"precision": 1, "expiry": Expiry(moves=Moves.LAST_ACTIVITY, months=12)},
            "10 points credited, good until 12 months after the last activity: rule “base” in Club, version 3 gives "
            "5 percent of 333.5, which is 16.675, rounded down to one decimal, capped at 10.",
        ),
        (
            {"award": {"fixed": 1}},
            "20",
            {"opens_at": datetime(2026, 3, 9, 18, 30, tzinfo=UTC), "expiry": Expiry(moves=Moves.ROLLING, months=6)},
            "1 point promised until 2026-03-10, good until 6 months after the last earning: "
            "rule “base” in Club, version 3 gives 1 point for a bill of 20.",
        ),
        (
            {"award": {"fixed": 3}},
            "20",
            {"expiry": Expiry(moves=Moves.MEMBERSHIP)},
            "3 points credited, good as long as the tier: rule “base” in Club, version 3 gives 3 points for a bill of 20.",
        ),
    ],
)
def test_an_award_describes_rule_rate_rounding_cap_and_terms(rule: Any, amount: str, more: Any, sentence: str) -> None:
    assert given(rule, amount, **more) == sentence


def test_other_credits_show_their_origin() -> None:
    state = new_state()
    points = Decimal(50)
    sentences = [
        explain(award(state, points, facts=because("welcome", fixed="50"))),
        explain(award(state, points, facts=because("stated"))),
        explain(award(state, points, facts=because("import"), expiry=Expiry(on=date(2026, 12, 31)))),
        explain(
            award(state, points, facts=facts(AT, explanation={"because": "adjustment"}, note="late till"), as_adjustment=True)
        ),
        explain(award(state, points, facts=facts(AT))),
    ]
    assert sentences == [
        "50 points credited, which never expire: welcome award for joining in Club, version 3.",
        "50 points credited, which never expire: stated with the bill when it was imported.",
        "50 points credited, good until 2026-12-31: brought in by an import.",
        "50 points credited, which never expire: adjustment (late till).",
        "50 points credited, which never expire.",
    ]


def test_points_out_show_their_purpose() -> None:
    state = new_state()
    award(state, Decimal(100), facts=facts(AT))
    sentences = [
        explain(spend(state, Decimal(10), kind=Kind.REDEEM, facts=because("redemption", value="2.5"))),
        explain(spend(state, Decimal(10), kind=Kind.REDEEM, facts=because("redemption"))),
        explain(spend(state, Decimal(10), kind=Kind.REDEEM, facts=because("import"))),
        explain(spend(state, Decimal(10), kind=Kind.EXPIRE, facts=because("import"))),
        explain(spend(state, Decimal("1.500"), kind=Kind.ADJUST, facts=because("adjustment"))),
        explain(spend(state, Decimal(10), kind=Kind.ADJUST, facts=facts(AT))),
    ]
    assert sentences == [
        "10 points redeemed, worth 2.5.",
        "10 points redeemed.",
        "10 points redeemed: brought in by an import.",
        "10 points expired: brought in by an import.",
        "1.5 points taken by an adjustment.",
        "10 points taken by an adjustment.",
    ]


def test_automatic_entries_show_their_days() -> None:
    state = new_state()
    award(
        state,
        Decimal(7),
        facts=facts(AT),
        opens_at=datetime(2026, 3, 3, 18, 30, tzinfo=UTC),
        expiry=Expiry(on=date(2026, 3, 9)),
    )
    settle(state, datetime(2026, 4, 1, tzinfo=UTC), recorded_at=AT)
    assert [explain(entry) for entry in state.entries[1:]] == [
        "7 points released that were promised on 2026-03-01.",
        "7 points expired after their last day 2026-03-09.",
    ]


def test_a_reversal_names_its_redemption_and_expired_points() -> None:
    state = new_state()
    award(state, Decimal(30), facts=facts(AT), expiry=Expiry(on=date(2026, 3, 1)))
    lot = state.new_lots[0]
    redeemed = spend(state, Decimal(30), kind=Kind.REDEEM, facts=facts(AT))
    later = facts(datetime(2026, 5, 1, tzinfo=UTC), explanation={"because": "reversal", "redemption": "a1B2c3"})
    reverse(state, redeemed, Decimal(30), taken=[(lot, Decimal(30))], facts=later)
    assert [explain(entry) for entry in state.entries[2:]] == [
        "30 points given back by a reversal of redemption a1B2c3.",
        "30 points expired at once: they came back by a reversal when their last day was over.",
    ]


def test_a_return_explains_which_points_it_took() -> None:
    state = new_state()
    award(state, Decimal(40), facts=facts(AT, bill_id=5))
    award(state, Decimal(10), facts=facts(AT, bill_id=5), opens_at=datetime(2026, 4, 1, tzinfo=UTC))
    award(state, Decimal(20), facts=facts(AT, bill_id=5), expiry=Expiry(on=date(2026, 3, 2)))
    own = list(state.new_lots)
    settle(state, datetime(2026, 3, 20, tzinfo=UTC), recorded_at=AT)
    spend(state, Decimal(35), kind=Kind.REDEEM, facts=facts(AT))
    award(state, Decimal(12), facts=facts(AT))
    take_back(state, Decimal(70), own=own, claimed_spent=Decimal(0), facts=because("return", sale="K7-1"))
    assert explain(state.entries[-1]) == (
        "Return of bill K7-1 claimed 70 points: 10 promised and not to come any more, 5 taken from what the bill had brought, "
        "12 taken from other points, for what had been spent, 23 had been spent and are forgiven, 20 had expired."
    )


def test_moved_rows_name_both_customers_and_if_undone() -> None:
    source, other = new_state(), new_state()
    promised_until = datetime(2026, 3, 9, tzinfo=UTC)
    award(source, Decimal(30), facts=facts(AT))
    award(source, Decimal(7), facts=facts(AT), opens_at=promised_until)
    for number, lot in enumerate(source.new_lots):
        lot.pk = number
    places: dict[int, Any] = {lot.pk: (None, None) for lot in source.new_lots}
    lots = list(source.new_lots)
    move(source, other, lots=lots, totals={}, facts=because("merge", victim=2, survivor=1), places=places)
    assert [explain(entry) for entry in (*source.entries[-2:], *other.entries)] == [
        "30 points moved to another account: customer 2 was merged into customer 1.",
        "7 points promised moved to another account: customer 2 was merged into customer 1.",
        "30 points came from another account: customer 2 was merged into customer 1.",
        "7 points promised came from another account: customer 2 was merged into customer 1.",
    ]
    (lot, _) = other.new_lots
    lot.pk = 3
    move(other, source, lots=[lot], totals={}, facts=because("unmerge", victim=2, survivor=1), places={3: (None, None)})
    assert explain(source.entries[-1]) == (
        "30 points came from another account: the merge of customer 2 into customer 1 was undone."
    )
    source.new_lots[-1].pk = 4
    move(source, other, lots=[source.new_lots[-1]], totals={}, facts=because("merged before"), places={4: (None, None)})
    assert explain(other.entries[-1]) == (
        "30 points came from another account: they follow those that a merge had moved before."
    )


def test_a_debt_moved_by_a_merge_is_explained_as_debt() -> None:
    source, other = new_state(), new_state()
    source.account.floor = Decimal(-5)
    post(source, Kind.ADJUST, points=Decimal(-5), facts=facts(AT))
    move_debt(source, other, facts=because("merge", victim=2, survivor=1))
    assert [explain(source.entries[-1]), explain(other.entries[-1])] == [
        "5 points owed moved to another account: customer 2 was merged into customer 1.",
        "5 points owed came from another account: customer 2 was merged into customer 1.",
    ]


@pytest.mark.parametrize("kind", Kind)
def test_an_entry_without_numbers_shows_its_kind(kind: Kind) -> None:
    sentence = explain(PointsEntry(kind=kind, points=Decimal(1), explanation={}))
    assert sentence.startswith("1 point ")
    assert sentence.endswith(".")


def test_figures_that_are_missing_are_left_out() -> None:
    assert explain(PointsEntry(kind=Kind.REVERSAL, points=Decimal(2), explanation={"because": "reversal"})) == (
        "2 points given back by a reversal."
    )
