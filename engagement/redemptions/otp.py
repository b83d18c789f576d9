"""Validation codes that confirm redemptions (docs/protocol.md, tills' part 4.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from customers.lookup.references import first_reference
from customers.outbox.rules import Channel, code_text
from customers.outbox.services import queue_messages, reachable
from customers.profile.models import Customer
from customers.validation_codes.models import ValidationCode
from customers.validation_codes.services import Purpose, issue_code, present_code
from engagement.redemptions.codes import PointsCode
from engagement.redemptions.rules import read_points
from engagement.redemptions.target import check_not_blocked, find_customer
from loyalty_project import clock
from loyalty_project.protocol.errors import CountedRefusalError, LoyaltyError
from organizations.audit.actors import Actor

_NAMES = {Channel.SMS: "SMS", Channel.EMAIL: "Email"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent:
    """A code sent to the customer: most points, time of expiry, and the message of success."""

    customer_id: int
    points: Decimal
    expires_at: datetime
    message: str


def ask_for_code(
    references: Mapping[str, str], points: str, *, by: Actor, country_code: str = "", customer_id: int | None = None
) -> CodeSent:
    """Issue the code that confirms a redemption of `points`, or send the valid one again.

    `customer_id` is the customer of the references, if they were looked up already.

    Raises `LoyaltyError` 802, 816, 881, 801, 809, 3045, and 860 for a customer without a channel. Opens its own transaction.
    """
    if customer_id is None:
        customer_id = find_customer(*first_reference(references), by=by, country_code=country_code).customer.pk
    customer = Customer.objects.get(pk=customer_id)
    if customer.type != Customer.Type.LOYALTY:
        raise LoyaltyError(PointsCode.NOT_IN_PROGRAM)
    asked = read_points(points)
    check_not_blocked(customer, by.organization.policy)
    sent = send_code(customer_id, asked, by=by)
    if sent is None:
        raise LoyaltyError(PointsCode.CODE_NOT_ISSUED)
    return sent


def send_code(customer_id: int, points: Decimal, *, by: Actor) -> CodeSent | None:
    """Issue a code to a customer who may redeem, and queue it by each channel that reaches them; None if none does."""
    organization = by.organization
    addresses = reachable(customer_id, organization=organization)
    if not addresses:
        return None
    with transaction.atomic():
        issued = issue_code(customer_id, purpose=Purpose.POINTS, points=points, by=by, now=clock.now())
        text = code_text(
            issued.code, points=points, organization=organization.name, until=issued.expires_at, zone=organization.zone
        )
        queue_messages(customer_id, addresses, text, purpose=Purpose.POINTS, expires_at=issued.expires_at, by=by)
    return CodeSent(
        customer_id=customer_id,
        points=points,
        expires_at=issued.expires_at,
        message=f"Validation Code Issued by {'/'.join(_NAMES[address.channel] for address in addresses)}",
    )


def confirm(given: str, *, customer_id: int, points: Decimal, now: datetime) -> ValidationCode:
    """The valid code that the customer presents. Raises `CountedRefusalError` 808 for a wrong one, which is counted.

    Call it in a transaction that holds the customer's lock.
    """
    code = present_code(given, customer_id=customer_id, purpose=Purpose.POINTS, points=points, now=now)
    if code is None:
        raise CountedRefusalError(PointsCode.INVALID_VALIDATION_CODE)
    return code
