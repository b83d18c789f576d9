"""The certificate of an erasure, and the person whose data it concerns."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from customers.cards.models import Card
from customers.erasure.models import Erasure
from customers.identifiers.models import Identifier
from customers.merging.services import victims_of
from customers.profile.models import Customer
from customers.sources.models import SourceProfile
from loyalty_project.protocol.moments import write_moment
from organizations.audit.actors import Actor
from organizations.personal_data import Person


def person_of(customer: Customer) -> Person:
    """The person behind an unmerged customer: with those merged into it, and every value that identifies them."""
    ids = [customer.pk, *victims_of(customer.pk)]
    values = {
        *Identifier.objects.filter(customer__in=ids).values_list("value", flat=True),
        *Card.objects.filter(customer__in=ids).values_list("number", flat=True),
        *Card.objects.filter(customer__in=ids).values_list("external_id", flat=True),
        *SourceProfile.objects.filter(customer__in=ids).values_list("account", flat=True),
    }
    return Person(customers=ids, values=sorted(value for value in values if value))


def mark_erased(person: Person, *, now: datetime) -> None:
    """Mark the customers as erased. Call it under their locks."""
    for customer in Customer.objects.filter(pk__in=person.customers):
        customer.erased_at = customer.updated_on = now
        customer.version += 1
        customer.save(update_fields=["erased_at", "updated_on", "version"])


def certify(
    customer: Customer, *, merged: Collection[int], emptied: Mapping[str, int], basis: str, by: Actor, now: datetime
) -> Erasure:
    """Write the certificate of an erasure at `now`. `emptied` has numbers of rows by the names of their places."""
    erasure = Erasure(
        organization=by.organization,
        customer=customer,
        erased_at=now,
        source=by.source,
        actor=by.name,
        basis=basis,
        merged=sorted(merged),
        places=[{"place": place, "rows": rows} for place, rows in emptied.items()],
    )
    erasure.digest = digest_of(erasure)
    erasure.save(force_insert=True)
    return erasure


def digest_of(erasure: Erasure) -> str:
    """SHA-256 (hex) of what the certificate states."""
    stated: Sequence[Any] = (
        erasure.organization.code,
        erasure.customer_id,
        write_moment(erasure.erased_at, erasure.organization.zone),
        erasure.actor,
        erasure.basis,
        erasure.merged,
        [[place["place"], place["rows"]] for place in erasure.places],
    )
    return hashlib.sha256(json.dumps(stated, ensure_ascii=False).encode()).hexdigest()
