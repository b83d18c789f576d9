"""Segments, user groups, statuses and pictures of the demo's customers: invented, the same at every run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from customers.groups.services import MembershipInput, find_groups, join_groups
from customers.lookup.resolve import resolve_rows
from customers.profile.models import Customer
from customers.registration.context import load_input_context
from customers.registration.input import read_customer_input
from customers.registration.options import RegistrationOptions
from customers.segments.services import Assignment, assign_partitions, find_partitions
from customers.statuses.models import CustomerStatus
from customers.statuses.services import set_status
from demo.customers import SEED
from loyalty_project.protocol.errors import LoyaltyError
from loyalty_project.protocol.values import Item
from organizations.audit.actors import Actor
from use_cases.registration import register_all

# Status labels of harbour.yaml, each with the reason that staff gave.
_STATUSES: Final = (
    ("On hold", "Asked for a pause while they are abroad"),
    ("Under review", "Several returns without a bill"),
    ("Good standing", "Looked into: a shared family account"),
    ("Closed for fraud", "Card used in two provinces on the same day"),
    ("Colleague", "Works at the boathouse"),
)
_EVERY_STATUS: Final = 83
_EVERY_PICTURE: Final = 10
# Number of members of each user group.
_GROUP_SIZES: Final = {"PADDLE-CLUB": 23, "TRAIL-CREW": 14, "KNIT-CIRCLE": 9}
_NEW_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Classification:
    """A customer's partition by segment and role by user group, as harbour.yaml names them; a status label, a picture."""

    partitions: Mapping[str, str]
    roles: Mapping[str, str]
    label: str = ""
    reason: str = ""
    picture: str = ""


def demo_classifications(items: Sequence[Item], *, today: date) -> list[Classification]:
    """The classification of each customer of `demo_items`, in the same order.

    Raises ValueError if there are fewer customers than members of a user group.
    """
    random = Random(SEED + 1)  # noqa: S311 - repeatable on purpose
    groups = {code: random.sample(range(len(items)), size) for code, size in _GROUP_SIZES.items()}
    return [
        Classification(
            partitions=_partitions(item, today, random),
            roles={code: _role(number, members) for code, members in groups.items() if number in members},
            picture=f"https://example.com/customers/{number}.jpg" if number % _EVERY_PICTURE == 0 else "",
            **_status(number),
        )
        for number, item in enumerate(items)
    ]


def classify_customers(items: Sequence[Item], classifications: Sequence[Classification], *, by: Actor) -> None:
    """Assign partitions and user groups to the customers of the items, in the transaction of the caller."""
    customers = _registered(items, classifications, by=by)
    partitions = find_partitions({segment for classification in classifications for segment in classification.partitions})
    assign_partitions(
        [
            Assignment(customer, partitions[partition])
            for customer, classification in customers.items()
            for partition in classification.partitions.items()
        ],
        by=by,
    )
    groups = find_groups({group for classification in classifications for group in classification.roles})
    join_groups(
        [
            MembershipInput(customer, groups[group], role)
            for customer, classification in customers.items()
            for group, role in classification.roles.items()
        ],
        by=by,
    )


def set_statuses_and_pictures(items: Sequence[Item], classifications: Sequence[Classification], *, by: Actor) -> None:
    """Give the customers of the items their status labels and pictures, in the transaction of the caller."""
    customers = _registered(items, classifications, by=by)
    statuses = {status.label: status for status in CustomerStatus.objects.all()}
    labelled = [pk for pk, classification in customers.items() if classification.label]
    for customer in Customer.objects.filter(pk__in=labelled):
        classification = customers[customer.pk]
        set_status(customer, statuses[classification.label], reason=classification.reason, by=by)
    context = load_input_context([], by=by)
    inputs = []
    for pk, classification in customers.items():
        if classification.picture:
            customer_input = read_customer_input({"id": str(pk)}, context, action="update")
            customer_input.customer.image_url = classification.picture
            inputs.append(customer_input)
    options = RegistrationOptions(may_create=False, always_touch=False)
    register_all(inputs, options=options, context=context, by=by)


def _registered(items: Sequence[Item], classifications: Sequence[Classification], *, by: Actor) -> dict[int, Classification]:
    """The classifications of those customers that are registered, by customer id."""
    customers = resolve_rows(items, organization=by.organization)
    return {
        customer: classification
        for customer, classification in zip(customers, classifications, strict=True)
        if not isinstance(customer, LoyaltyError)
    }


def _partitions(item: Item, today: date, random: Random) -> dict[str, str]:
    if item.get("type") == "NOT_INTERESTED":
        return {}
    days = (today - date.fromisoformat(item["registered_on"][:10])).days
    cycle = "new" if days <= _NEW_DAYS else random.choices(["active", "lapsing", "lapsed"], [60, 22, 18])[0]
    band = random.choices(["low", "mid", "high", None], [46, 28, 11, 15])[0]
    return {"lifecycle": cycle, **({"spend-band": band} if band else {})}


def _status(number: int) -> dict[str, str]:
    if number % _EVERY_STATUS:
        return {}
    label, reason = _STATUSES[number // _EVERY_STATUS % len(_STATUSES)]
    return {"label": label, "reason": reason}


def _role(number: int, members: Sequence[int]) -> str:
    return "PRIMARY" if number == members[0] else "MEMBER"
