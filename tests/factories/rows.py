"""Rows for tests, made as plainly as possible: every default stands here, nothing is random."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from typing import Any

from customers.groups.models import GroupMembership, UserGroup
from customers.profile.models import Customer
from customers.segments.models import CustomerSegment, Segment, SegmentPartition
from customers.statuses.models import CustomerStatus
from engagement.programs.models import Program, ProgramVersion, Tier
from organizations.audit.actors import Actor
from organizations.audit.models import AuditEntry
from organizations.card_series.models import CardSeries
from organizations.credentials.hashing import set_client_secret, set_till_password
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store, Till
from organizations.tenancy.models import Organization

_numbers = count(1)
TILL_PASSWORD = "till-secret"


def digest(password: str = TILL_PASSWORD) -> str:
    """What a till sends in place of its password."""
    return hashlib.md5(password.encode()).hexdigest()


def make_organization(code: str = "", *, rules: Mapping[str, object] | None = None, **more: object) -> Organization:
    """An organization with a default program of these rules; without any it gives nothing, but customers can register."""
    code = code or f"org-{next(_numbers)}"
    defaults = {
        "name": code.title(),
        "timezone": "Asia/Kolkata",
        "currency": "INR",
        "base_country": "IN",
        "countries": ["GB", "AE"],
    }
    organization = Organization.objects.create(code=code, **{**defaults, **more})
    make_program(organization, **(rules or {}))
    return organization


def make_program(organization: Organization, name: str = "Club", *, is_default: bool = True, **rules: object) -> Program:
    """A program whose first version has these rules; its tiers get their rows. In or outside of a scope."""
    program = Program(organization=organization, name=name, is_default=is_default)
    program.save()
    made_at = datetime(2020, 1, 1, tzinfo=UTC)
    ProgramVersion(organization=organization, program=program, number=1, rules=rules, made_at=made_at).save()
    tiers: Any = rules.get("tiers", [])
    for position, tier in enumerate(tiers, start=1):
        Tier(organization=organization, program=program, name=tier["name"], position=position).save()
    return program


def make_store(organization: Organization, code: str = "", **more: object) -> Store:
    code = code or f"store{next(_numbers)}"
    return Store.objects.create(organization=organization, code=code, **{"name": f"Store {code}", **more})


def make_till(store: Store, code: str = "", *, password: str = TILL_PASSWORD, **more: object) -> Till:
    code = code or f"till{next(_numbers)}"
    till = Till(organization=store.organization, store=store, code=code, **{"name": f"Till {code}", **more})
    set_till_password(till, password)
    till.save()
    return till


def make_client(till: Till, key: str = "", *, secret: str = "client-secret", **more: object) -> ApiClient:
    client = ApiClient(organization=till.organization, till=till, key=key or f"key-{next(_numbers)}", **more)
    set_client_secret(client, secret)
    client.save()
    return client


def make_field(organization: Organization, name: str, *, category: str = "custom", **more: object) -> FieldDefinition:
    return FieldDefinition.objects.create(organization=organization, name=name, category=category, **more)


def make_card_series(organization: Organization, code: str = "GOLD", **more: object) -> CardSeries:
    defaults = {"name": f"{code} card", "generates": True, "prefix": code, "length": 16}
    return CardSeries.objects.create(organization=organization, code=code, **{**defaults, **more})


def make_segment(organization: Organization, name: str, *partitions: str, **more: object) -> list[SegmentPartition]:
    """A segment; its partitions, in order."""
    segment = Segment.objects.create(organization=organization, name=name, **more)
    return [
        SegmentPartition.objects.create(organization=organization, segment=segment, name=partition, position=position)
        for position, partition in enumerate(partitions, start=1)
    ]


def make_group(organization: Organization, external_id: str, **more: object) -> UserGroup:
    return UserGroup.objects.create(
        organization=organization, external_id=external_id, **{"name": f"Group {external_id}", **more}
    )


def make_status(organization: Organization, *blocks: str, status: str = "SUSPENDED", **more: object) -> CustomerStatus:
    """A label that blocks these, in force: the organization has statuses from now on."""
    organization.flags = {**organization.flags, "CONF_CUSTOMER_DEFAULT_STATUS_ENABLED": 1}
    organization.save(update_fields=["flags"])
    defaults = {"label": f"Label {next(_numbers)}", "blocks": list(blocks)}
    return CustomerStatus.objects.create(organization=organization, status=status, **{**defaults, **more})


def label(customer: Customer, status: CustomerStatus, **more: object) -> None:
    """Stick the label on the customer, as stored."""
    Customer.objects.filter(pk=customer.pk).update(status_label=status, **more)
    customer.refresh_from_db()


def put_into(partition: SegmentPartition, *customers: int) -> None:
    """Customers, by id, into a partition."""
    for customer in customers:
        CustomerSegment.objects.create(
            organization=partition.organization, customer_id=customer, segment=partition.segment, partition=partition
        )


def join_group(group: UserGroup, *customers: int, role: str = "MEMBER") -> None:
    """Customers, by id, into a user group."""
    for customer in customers:
        GroupMembership.objects.create(organization=group.organization, group=group, customer_id=customer, role=role)


def till_actor(till: Till) -> Actor:
    return Actor(
        organization=till.organization, source=AuditEntry.Source.API, name=f"till:{till.code}", till=till, store=till.store
    )
