"""What does the customers app tell of customers? Sections of customer/get (docs/protocol.md 4.5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Subquery, Value

from customers.cards.models import Card
from customers.groups.models import GroupMembership
from customers.identifiers.models import Identifier
from customers.profile.field_values import write_value
from customers.profile.lookup import names_customer
from customers.profile.models import Customer
from customers.profile.payloads import card, field_rows, fraud_details, place, user_group
from customers.registration.changes import PROFILE_MISSING
from customers.segments.models import CustomerSegment
from customers.sources.models import SourceProfile
from customers.sources.values import read_source
from customers.statuses.models import CustomerStatus
from loyalty_project.protocol.best_effort import side_step
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import Notice
from loyalty_project.protocol.moments import write_moment
from loyalty_project.protocol.values import is_on
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Store
from organizations.policies import Policy
from organizations.tenancy.models import Organization

Payloads = Mapping[int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a get asks for: the query's parameters, at whose store, in which language ("": the organization's own).

    `notices` gathers what every item is warned of, `own_notices` by customer what only theirs is.
    """

    organization: Organization
    policy: Policy
    query: Mapping[str, str]
    store: Store | None = None
    language: str = ""
    notices: list[Notice] = field(default_factory=list)
    own_notices: defaultdict[int, list[Notice]] = field(default_factory=lambda: defaultdict(list))

    def wants(self, flag: str, *, default: bool = False) -> bool:
        """Whether a flag of the query is on: `true` or `1`, in any case."""
        return is_on(self.query, flag, default=default)

    def warnings_of(self, customer_id: int) -> list[Notice]:
        """What the customer's item is warned of."""
        return [*self.notices, *self.own_notices.get(customer_id, ())]

    def may_fail(self, code: Code) -> AbstractContextManager[None]:
        """Inside: what the database refuses costs this part of the answer and a warning, never the whole answer."""
        return side_step(self.notices, [Notice(code)])


def profile(ids: Sequence[int], reading: Reading) -> Payloads:
    """The person, where they registered, and their fields: two queries. Warning 1004 for a till without its store."""
    rows = Customer.objects.filter(pk__in=ids).select_related("registered_till", "registered_store", "status_label")
    definitions = list(FieldDefinition.objects.filter(category__in=["custom", "extended"], is_active=True))
    gender = _gender_field(reading.organization, reading.policy, definitions)
    return {row.pk: _profile(row, reading, definitions, gender) for row in rows}


def deleted(ids: Sequence[int], reading: Reading) -> dict[int, CodeTable]:
    """Those whose account is deleted: 8109. One query, where statuses are switched on (docs/protocol.md 2.1)."""
    if not reading.policy.lifecycle_status:
        return {}
    rows = Customer.objects.filter(pk__in=ids, status_label__status=CustomerStatus.Status.DELETED)
    return dict.fromkeys(rows.values_list("pk", flat=True), Transport.CUSTOMER_ERASED)


def identifiers(ids: Sequence[int], reading: Reading) -> Payloads:
    """By what the person is known, here and at other sources: one query.

    Warning 91016 or 91017 for those who have no profile at the source that the call names.
    """
    payloads: dict[int, dict[str, Any]] = {one: {"identifiers": []} for one in ids}
    here = Identifier.objects.filter(customer_id__in=ids, state=Identifier.State.CURRENT).annotate(is_profile=Value(0))
    elsewhere = SourceProfile.objects.filter(customer_id__in=ids).annotate(is_profile=Value(1))
    both = here.values_list("is_profile", "pk", "customer_id", "kind", "value").union(
        elsewhere.values_list("is_profile", "pk", "customer_id", "source", "account"), all=True
    )
    sources: defaultdict[int, set[str]] = defaultdict(set)
    for is_profile, _, customer_id, kind, value in sorted(both):
        payloads[customer_id]["identifiers"].append({"type": kind.lower(), "value": value})
        if is_profile:
            sources[customer_id].add(kind)
        else:
            payloads[customer_id][kind] = value
    asked = read_source(reading.query.get("source", ""))
    if asked in PROFILE_MISSING:
        for one in ids:
            if asked not in sources[one]:
                reading.own_notices[one].append(Notice(PROFILE_MISSING[asked]))
    return payloads


def cards(ids: Sequence[int], reading: Reading) -> Payloads:
    """`card_details`, when asked for: one query."""
    if not reading.wants("card_details"):
        return {}
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in Card.objects.filter(customer_id__in=ids).select_related("series").order_by("pk"):
        if row.customer_id is not None:
            found[row.customer_id].append(card(row, reading.organization.zone))
    return {one: {"card_details": found[one]} for one in ids}


def segments(ids: Sequence[int], reading: Reading) -> Payloads:
    """`segments`, when asked for: one query. Warning 91004 and none at all where they cannot be read."""
    if not reading.wants("segments"):
        return {}
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    with reading.may_fail(Code.SEGMENTS_UNAVAILABLE):
        rows = CustomerSegment.objects.filter(customer_id__in=ids, segment__is_active=True, partition__is_active=True)
        told = rows.order_by("segment__name").values_list("customer_id", "segment__name", "partition__name")
        for customer_id, name, value in told:
            found[customer_id].append({"name": name, "value": value})
    return {one: {"segments": {"segment": found[one]}} for one in ids}


def user_groups(ids: Sequence[int], reading: Reading) -> Payloads:
    """`user_groups2`, filled when asked for: one query."""
    if not reading.wants("user_group"):
        return {}
    found = groups_of(ids)
    return {one: {"user_groups2": found.get(one, [])} for one in ids}


def groups_of(ids: Collection[int]) -> Mapping[int, list[dict[str, str]]]:
    """The user groups of each customer who is in any, as `user_groups2` prints them: one query."""
    primaries = GroupMembership.objects.filter(group=OuterRef("group"), role=GroupMembership.Role.PRIMARY)
    rows = GroupMembership.objects.filter(customer_id__in=ids, group__is_active=True).select_related("group")
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in rows.annotate(primary=Subquery(primaries.values("customer_id"))).order_by("group__external_id"):
        found[row.customer_id].append(user_group(row, row.primary))
    return found


def _profile(
    customer: Customer, reading: Reading, definitions: Sequence[FieldDefinition], gender: FieldDefinition | None
) -> dict[str, Any]:
    zone = reading.organization.zone
    told_gender = customer.value_of(gender.pk) if gender else None
    payload: dict[str, Any] = {
        "firstname": customer.firstname,
        "lastname": customer.lastname,
        "registered_on": write_moment(customer.registered_on, zone),
        "updated_on": write_moment(customer.updated_on, zone),
        "type": customer.type,
        "source": customer.source.lower(),
        "gender": write_value(told_gender) if told_gender else None,
        "registered_by": customer.registered_till.code if customer.registered_till else "",
        "custom_fields": field_rows(customer, definitions, FieldDefinition.Category.CUSTOM),
        "extended_fields": field_rows(customer, definitions, FieldDefinition.Category.EXTENDED, language=reading.language),
    }
    if reading.wants("registered_store", default=True):
        payload["registered_store"] = place(customer.registered_store)
        if customer.registered_till is not None and customer.registered_store is None:
            reading.own_notices[customer.pk].append(Notice(Code.STORE_NOT_POPULATED))
    if reading.wants("registered_till", default=True):
        payload["registered_till"] = place(customer.registered_till)
    if reading.wants("fraud_details", default=True):
        payload["fraud_details"] = fraud_details(customer, reading.policy, zone)
    if reading.wants("ndnc_status") or reading.wants("ndsc_status"):
        payload["ndnc_status"] = customer.ndnc_status
    if reading.wants("customer_image"):
        payload["customer_image"] = customer.image_url
    if reading.wants("user_id") or names_customer(reading.query.get("user_id", "")):
        payload["user_id"] = str(customer.pk)
    return payload


def _gender_field(organization: Organization, policy: Policy, definitions: Sequence[FieldDefinition]) -> FieldDefinition | None:
    name = organization.gender_field or policy.gender_field
    return next((one for one in definitions if name and one.name == name), None)
