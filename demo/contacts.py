"""Notes about the demo's customers, and interactions with them: invented, the same at every run."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from customers.profile.models import Customer
from engagement.interactions.imports import FileRow, import_interactions
from engagement.notes.imports import NoteRow, import_notes
from organizations.audit.actors import Actor

SEED: Final = 20_240_915
_NOTES: Final = (
    "Prefers to be called in the evening.",
    "Allergic to wool: show the cotton line.",
    "Asked for the new paddles, wants a call when they are here.",
    "Collects at the shop in Lunenburg although living in Halifax.",
    "Was unhappy about a late delivery. We refunded the shipping.",
    "Runs a sailing school and buys for its pupils.",
)
_ASSOCIATES: Final = ("HP-104", "HP-117", "HP-131", "")
_SUBJECTS: Final = ("Your spring catalogue", "The harbour sale begins", "Your points at the end of the year", "New in the shop")
_SHOP: Final = "news@harbourpine.example"
_SURVEYS: Final = ("After your visit", "Our web shop")
_SCORES: Final = (3, 5, 6, 7, 8, 8, 9, 9, 10, 10)
_HALIFAX: Final = {"latitude": Decimal("44.6476"), "longitude": Decimal("-63.5728")}


def record_demo_contacts(customers: Sequence[Customer], *, by: Actor, now: datetime) -> tuple[int, int]:
    """Write notes and interactions of these customers from their registration until `now`; how many of each there are.

    What is there already, of an older edition, is not written again. Call it in a transaction.
    """
    random = Random(SEED)  # noqa: S311 - repeatable on purpose
    merged = set(Customer.objects.filter(merged_into__isnull=False).values_list("pk", flat=True))
    notes: list[NoteRow] = []
    interactions: list[FileRow] = []
    for customer in customers:
        written, met = list(_notes(customer, random)), list(_interactions(customer, random))
        if customer.pk not in merged:
            notes += [note for note in written if note.noted_at is not None and note.noted_at <= now]
            interactions += [row for row in met if row.occurred_at <= now]
    import_notes(notes, by=by)
    import_interactions(interactions, by=by)
    return len(notes), len(interactions)


def _notes(customer: Customer, random: Random) -> Iterator[NoteRow]:
    """One customer in six has a note."""
    if random.random() < 1 / 6:
        yield NoteRow(
            customer_id=customer.pk,
            description=random.choice(_NOTES),
            noted_at=_later(customer, random),
            associate_id=random.choice(_ASSOCIATES),
        )


def _interactions(customer: Customer, random: Random) -> Iterator[FileRow]:
    """Two customers in five get newsletters, one in eight was asked in a survey, one in twenty checked in at Halifax."""
    receiver = f"member{customer.pk}@example.com"
    if random.random() < 0.4:
        for subject in random.sample(_SUBJECTS, random.randint(1, len(_SUBJECTS))):
            at = _later(customer, random)
            status = random.choices(("DELIVERED", "OPENED", "BOUNCED"), (60, 35, 5))[0]
            details = {"subject": subject, "status": status, "delivered_at": at + timedelta(seconds=random.randint(2, 90))}
            yield _row(customer, "capillary", "emailbulk", at, sender=_SHOP, receiver=receiver, details=details)
    if random.random() < 1 / 8:
        at = _later(customer, random)
        answer: dict[str, Any] = {"survey_name": random.choice(_SURVEYS), "sent_by": _SHOP}
        if random.random() < 0.8:
            answer |= {"nps_score": random.choice(_SCORES), "completed_at": at + timedelta(hours=random.randint(1, 60))}
        yield _row(customer, "capillary", "survey", at, details=answer)
    if random.random() < 0.05:
        yield _row(customer, "foursquare", "checkin", _later(customer, random), details=dict(_HALIFAX))


def _row(
    customer: Customer,
    network: str,
    kind: str,
    at: datetime,
    *,
    details: dict[str, Any],
    sender: str = "",
    receiver: str = "",
) -> FileRow:
    return FileRow(
        customer_id=customer.pk,
        network=network,
        type=kind,
        occurred_at=at,
        sender=sender,
        receiver=receiver,
        details=details,
    )


def _later(customer: Customer, random: Random) -> datetime:
    """A moment within half a year of the registration, to the second: an older edition has the same."""
    return customer.registered_on.replace(microsecond=0) + timedelta(
        days=random.randint(1, 180), minutes=random.randint(0, 300)
    )
