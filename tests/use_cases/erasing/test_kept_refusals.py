"""Refusals that are kept for an Idempotency-Key repeat identifiers: an erasure empties them (docs/protocol.md 1.10)."""

from typing import Any, Final

import pytest

from customers.profile.models import Customer
from organizations.audit.actors import command_actor
from organizations.idempotency.models import KeptAnswer
from tests.api import Api
from tests.factories.bills import Shop
from use_cases.erasure import erase_customer

pytestmark = pytest.mark.django_db
MOBILE: Final = "919812377777"
NAMED: Final = {"mobile": MOBILE}
# An item for each action that is refused: the key of its list, and the item.
REFUSED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "customer/add": ("customer", {**NAMED, "email": "no address", "external_id": "x" * 200}),
    "customer/update": ("customer", {**NAMED, "email": "no address", "external_id": "x" * 200}),
    "customer/update_identity": ("customer", {"identifier": "Mobile", "old_value": MOBILE, "new_value": "12ab"}),
    "customer/notes": ("customer", {**NAMED, "notes": {"note": []}}),
    "customer/preferences": ("customer", {**NAMED, "store": {"id": "nowhere"}}),
    "customer/tickets": ("customer", {**NAMED, "ticket": {"subject": ""}}),
    "customer/subscriptions": ("subscription", {**NAMED, "channel": "PIGEON"}),
    "customer/referrals": ("customer", {**NAMED, "campaign_token": "NOSUCH"}),
    "transaction/add": ("transaction", {"type": "REGULAR", "number": "N-1", "amount": "x", "customer": NAMED}),
    "points/redeem": ("redeem", {"points_redeemed": "1000", "customer": NAMED}),
    "points/reverse": ("reverse", {"redemption_id": "zzzz00", "customer": NAMED}),
    "coupon/redeem": ("coupon", {"code": "NOSUCH", "customer": NAMED}),
    "coupon/issue": ("coupon", {"series_id": "NOSUCH", "customer": NAMED}),
}


@pytest.mark.parametrize("action", REFUSED)
def test_a_kept_refusal_is_emptied(shop: Shop, action: str) -> None:
    api = Api(shop.till)
    api.add(NAMED)
    key, item = REFUSED[action]
    entity, _, name = action.partition("/")
    answer = api.call("POST", name, "", {"root": {key: [item]}}, entity=entity, Idempotency_Key="K-1")
    kept = KeptAnswer.objects.get()
    assert (answer.http.status_code, kept.succeeded) == (200, False)
    assert MOBILE in kept.body
    by = command_actor("erase_customer", shop.organization)
    erase_customer(Customer.objects.get().pk, basis="Request 17", by=by)
    assert MOBILE not in KeptAnswer.objects.get().body
