"""A call of many items ends as as many calls of one item: in answers and in what is stored."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
import time_machine
from django.db import models, transaction
from pytest_django import DjangoAssertNumQueries

from customers.identifiers.models import Identifier
from customers.profile.models import Customer
from engagement.bills.models import Bill, BillLine, PurchaseTotals
from engagement.points.models import PointsAccount, PointsEntry, PointsLot
from engagement.programs.models import ProgramVersion
from loyalty_project.api import batch
from organizations.tenancy.scoping import organization_scope
from referrals.referral_codes.models import ReferralCode
from referrals.referral_codes.services import ensure_codes
from subscriptions.models import Consent
from tests.api import Api
from tests.engagement.bills.api.tills import BASKET, BillTill
from tests.factories.bills import Shop, open_shop
from tests.factories.coupons import open_series
from tests.factories.program_files import club, loaded
from tests.factories.programs import ProgramVersionFactory
from tests.factories.referrals import open_campaign

pytestmark = pytest.mark.django_db
SEEDS = range(400) if os.environ.get("REGULARS_PROOFS") == "full" else range(6)
NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
# What is compared of each table. Ids are replaced by ranks.
STORED: dict[type[models.Model], Sequence[str]] = {
    Customer: ("firstname", "type", "fraud_status", "merged_into"),
    Identifier: ("customer", "kind", "value", "state"),
    Consent: ("customer", "channel", "priority", "is_subscribed"),
    PointsAccount: ("customer", "program", "balance", "lifetime", "version"),
    PointsEntry: ("account", "version", "kind", "points", "balance_after"),
    PointsLot: ("account", "points", "left"),
    Bill: ("customer", "type", "number", "amount", "returned_amount", "return_type"),
    BillLine: ("bill", "item_code", "amount", "returned_amount"),
    PurchaseTotals: ("customer", "amount", "bills"),
}


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    organization = loaded(club())
    organization.base_country = "IN"
    organization.save()
    with organization_scope(organization):
        yield open_shop(organization)


@pytest.fixture
def sets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the sets that are worked from now on, also of those that are divided."""
    sizes: list[int] = []
    work_together = batch._Batch._work_together
    monkeypatch.setattr(
        batch._Batch, "_work_together", lambda self, piece: sizes.append(len(piece)) or work_together(self, piece)
    )
    return sizes


Send = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]


class Ranks(dict[tuple[str, object], int]):
    """Ids in the order in which they are met, of each table."""

    def of(self, table: str, pk: object) -> int | None:
        return None if pk is None else self.setdefault((table, str(pk)), len(self))


def stored(ranks: Ranks) -> dict[str, list[tuple[object, ...]]]:
    """The rows of all tables, in the order of the customers, accounts and bills that they are of."""
    tables: dict[str, list[tuple[object, ...]]] = {}
    for model, names in STORED.items():
        name = model.__name__
        rows = list(model._default_manager.order_by("pk").values("pk", *names))
        for row in rows:
            if model in {Customer, PointsAccount, Bill}:
                row["pk"] = ranks.of(name, row["pk"])
            else:
                del row["pk"]
            for key, table in (
                ("customer", "Customer"),
                ("merged_into", "Customer"),
                ("account", "PointsAccount"),
                ("bill", "Bill"),
            ):
                if key in row:
                    row[key] = ranks.of(table, row[key])
        tables[name] = sorted((tuple(row.values()) for row in rows), key=repr)
    return tables


# What the ids in answers are of, by their key.
_ID_KEYS = {"id": "Bill", "user_id": "Customer", "customer_id": "Customer"}


def without_ids(value: Any, ranks: Ranks) -> Any:
    """An answer with ranks in place of ids."""
    if isinstance(value, list):
        return [without_ids(element, ranks) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        key: ranks.of(_ID_KEYS[key], inner) if key in _ID_KEYS else without_ids(inner, ranks) for key, inner in value.items()
    }


def outcome(send: Send, calls: Sequence[Sequence[dict[str, Any]]]) -> tuple[Any, Any]:
    """The answers to these calls and what is stored after them; then nothing of them is left."""
    with transaction.atomic(), time_machine.travel(NOW, tick=False):
        answers = [answer for items in calls for answer in send(items)]
        rows = stored(Ranks())
        transaction.set_rollback(True)
    return without_ids(answers, Ranks()), rows


def check_equal(send: Send, items: Sequence[dict[str, Any]], sets: list[int]) -> None:
    singly = outcome(send, [[item] for item in items])
    sets.clear()
    together = outcome(send, [items])
    for of_call, of_item, item in zip(together[0], singly[0], items, strict=True):
        assert of_call == of_item, item
    for table in STORED:
        assert together[1][table.__name__] == singly[1][table.__name__], table
    assert sets, "no items were worked together"


def customers_at(shop: Shop, count: int) -> BillTill:
    """A till whose members have the mobiles 98123456.. and the external ids E0, E1 and so on."""
    till = BillTill(Api(shop.till))
    till.api.add(*({"mobile": f"98123456{number:02}", "external_id": f"E{number}"} for number in range(count)))
    return till


def some(chance: Random, **values: Any) -> dict[str, Any]:
    """Some of these values."""
    return {key: value for key, value in values.items() if chance.random() < 0.6}


def person(chance: Random) -> dict[str, Any]:
    """An item of add or update, whose identifiers others of the call have as well."""
    number = chance.randrange(12)
    another = number if chance.random() < 0.9 else chance.randrange(12)
    values = some(
        chance,
        mobile=f"98123456{number:02}",
        email=f"p{another}@example.com",
        external_id=f"E{number}",
        firstname=chance.choice(["Asha", "Mina", "Tom"]),
        type=chance.choice(["LOYALTY", "NON_LOYALTY", "?"]),
        subscriptions={"subscription": [{"channel": "SMS", "priority": "BULK", "is_subscribed": chance.choice(["0", "1"])}]},
    )
    if chance.random() < 0.1:
        values["mobile"] = chance.choice(["123", {"a": "1"}, ""])
    return values


def sale(chance: Random) -> dict[str, Any]:
    """A bill or return, of a customer who may have others in the call."""
    number = chance.randrange(14)
    item: dict[str, Any] = {"number": f"B{chance.randrange(30)}", "amount": chance.choice([500, 500, 40, -1])}
    item["customer"] = {"mobile": f"98123456{number:02}"} if chance.random() < 0.8 else {"external_id": f"E{number}"}
    if chance.random() < 0.1:
        item["customer"] |= {"firstname": "Asha", "mobile": f"98123456{number:02}"}
    if chance.random() < 0.3:
        item |= {"amount": 500, "line_items": BASKET}
    kind = chance.random()
    if kind < 0.1:
        item |= {"type": "RETURN", "return_type": "FULL"}
    elif kind < 0.2:
        item["type"] = "NOT_INTERESTED"
    return item


@pytest.mark.parametrize("action", ["add", "update"])
@pytest.mark.parametrize("seed", SEEDS)
def test_customers_of_a_call_end_as_one_by_one(shop: Shop, seed: int, action: str, sets: list[int]) -> None:
    api, chance = Api(shop.till), Random(seed)
    for number in range(6):
        api.add(mobile=f"98123456{number:02}", email=f"p{number}@example.com", external_id=f"E{number}")

    def send(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return getattr(api, action)(*items).items  # type: ignore[no-any-return]

    check_equal(send, [person(chance) for _ in range(10)], sets)


@pytest.mark.parametrize("seed", SEEDS)
def test_bills_of_a_call_end_as_one_by_one(shop: Shop, seed: int, sets: list[int]) -> None:
    till, chance = customers_at(shop, 10), Random(seed)
    with time_machine.travel(NOW, tick=False):
        till.send(*({"number": f"B{number}", "amount": 500, "customer": {"external_id": f"E{number}"}} for number in range(5)))
    plain = [{"number": f"P{number}", "amount": 500, "customer": {"external_id": f"E{number}"}} for number in range(3)]
    check_equal(lambda items: till.send(*items).items, [*plain, *(sale(chance) for _ in range(12))], sets)


def test_the_last_coupon_of_a_tier_goes_to_the_first_bill(shop: Shop, sets: list[int]) -> None:
    api = Api(shop.till)
    open_series(shop.organization, code="SILVER", max_coupons=1)
    version = ProgramVersion.objects.get()
    version.rules["tiers"][1]["on_entry"] = {"coupon_series": "SILVER"}
    ProgramVersionFactory(program=version.program, number=2, rules=version.rules)
    api.add(*({"mobile": f"98123456{number:02}"} for number in range(3)))
    bills = [{"number": f"B{number}", "amount": 1000, "customer": {"mobile": f"98123456{number:02}"}} for number in (2, 0, 1)]
    check_equal(lambda items: _effects(BillTill(api).send(*items).items), bills, sets)


def test_referred_customers_of_a_call_are_registered_once_in_vain(shop: Shop, sets: list[int]) -> None:
    """And bills of unknown customers are looked up once, not once for each."""
    api = Api(shop.till)
    campaign = open_campaign(shop.organization).campaign
    api.add(mobile="9812345600")
    ensure_codes([Customer.objects.get().pk], campaign_id=campaign.pk, policy=shop.organization.policy, now=NOW)
    code = ReferralCode.objects.get().code
    assert api.add(*({"mobile": f"98123456{number:02}", "referral_code": code} for number in range(1, 9))).codes == ["1000"] * 8
    assert sets == [8]
    bills = [{"number": f"B{number}", "amount": 10, "customer": {"mobile": f"98123456{number}"}} for number in range(20, 28)]
    assert BillTill(api).send(*bills).numbers == [600] * 8
    assert sets == [8, 8]


def test_a_call_that_is_sent_again_gets_its_first_answers_together(
    shop: Shop, sets: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    till = customers_at(shop, 3)
    bills = [{"number": f"B{number}", "amount": 1000, "customer": {"external_id": f"E{number}"}} for number in range(3)]
    first = till.send(*bills)
    # The caller; a transaction (2); the customers, locked, their accounts, what is stored, the bills; answers and figures.
    with django_assert_num_queries(10):
        again = till.send(*bills)
    assert [item["item_status"]["warnings"]["warning"] for item in again.items] == [["604"]] * 3
    for once, twice in zip(first.items, again.items, strict=True):
        assert {**twice, "item_status": None} == {**once, "item_status": None}
    assert Bill.objects.count() == 3
    fresh = {"number": "B9", "amount": 500, "customer": {"external_id": "E2"}}
    check_equal(lambda items: till.send(*items).items, [*bills[:2], fresh], sets)


def test_a_bill_that_rewards_the_buyer_of_another_is_worked_alone(shop: Shop, sets: list[int]) -> None:
    till = customers_at(shop, 2)
    campaign = open_campaign(shop.organization, reward_on=["TRANSACTION"]).campaign
    referrer = Customer.objects.order_by("pk")[0]
    ensure_codes([referrer.pk], campaign_id=campaign.pk, policy=shop.organization.policy, now=NOW)
    till.api.add(mobile="9812345650", external_id="E50", referral_code=ReferralCode.objects.get().code)
    bills = [{"number": f"B{number}", "amount": 500, "customer": {"external_id": f"E{number}"}} for number in (1, 50, 0)]
    check_equal(lambda items: till.send(*items).items, bills, sets)


@pytest.mark.parametrize("action", ["add", "transaction"])
def test_items_of_one_customer_are_divided_once(shop: Shop, action: str, sets: list[int]) -> None:
    till = customers_at(shop, 2)
    sets.clear()
    of_one, of_other = [{"mobile": "9812345600"}] * 4, {"mobile": "9812345601"}
    if action == "add":
        assert till.api.add(of_other, *of_one).codes == ["1000"] * 5
    else:
        bills = [{"number": f"B{nth}", "amount": 10, "customer": named} for nth, named in enumerate([of_other, *of_one])]
        assert till.send(*bills).numbers == [600] * 5
    assert sets == [5, 2]


def _effects(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbers of the bills with the types of their effects: codes of coupons are drawn."""
    return [
        {"number": item["number"], "effects": [effect["type"] for effect in item["side_effects"]["effect"]]} for item in items
    ]
