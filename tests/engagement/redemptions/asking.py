"""Questions before a redemption, and codes of customers"""

from decimal import Decimal
from typing import Any

from customers.validation_codes.services import Purpose, issue_code
from engagement.points.models import PointsAccount
from engagement.redemptions.otp import ask_for_code
from engagement.redemptions.redeeming import RedeemableRequest, check_redeemable
from loyalty_project import clock
from loyalty_project.protocol.errors import LoyaltyError
from organizations.locations.models import Till
from tests.factories.chains import Chain
from tests.factories.locations import till_actor


def set_flags(chain: Chain, **flags: object) -> None:
    chain.organization.flags = flags
    chain.organization.save(update_fields=["flags"])


def issue(account: PointsAccount, points: str | None = None) -> str:
    by = till_actor(Till.objects.get(code="blr.till1"))
    limit = Decimal(points) if points else None
    return issue_code(account.customer_id, purpose=Purpose.POINTS, points=limit, by=by, now=clock.now()).code


def ask(account: PointsAccount, amount: str = "30", **more: Any) -> RedeemableRequest:
    return RedeemableRequest(**{"references": {"id": str(account.customer_id)}, "amount": amount, **more})


def asked(question: RedeemableRequest, chain: Chain) -> int:
    try:
        check_redeemable(question, by=chain.blr)
    except LoyaltyError as refusal:
        return int(refusal.code)
    return 0


def code_refusal(references: dict[str, str], points: str, chain: Chain) -> int:
    try:
        ask_for_code(references, points, by=chain.blr)
    except LoyaltyError as refusal:
        return int(refusal.code)
    return 0
