"""Which document describes an organization? The whole of what stands in the database, in the order of the contract's sample.

Everything that was ever named is in it, what is switched off with `active: false`; secrets never are. Loading it changes
nothing.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from organizations.card_series.models import CardSeries
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.organization_file.document import CATEGORIES, DOCUMENT
from organizations.organization_file.sections import Section, left_to_store
from organizations.organization_file.writing import write_document
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization
from organizations.tenancy.scoping import organization_scope


def dump_organization(organization: Organization, *, sections: Sequence[Section]) -> str:
    """The organization file of `organization` as YAML text; `sections` as for `loading.load_organization`."""
    return write_document(organization_document(organization, sections=sections))


def organization_document(organization: Organization, *, sections: Sequence[Section]) -> dict[str, Any]:
    """The same as values: dict, list, str, bool, int, Decimal and date. What is a default is left out."""
    with organization_scope(organization):
        document: dict[str, Any] = {
            "organization": _organization(organization),
            "settings": organization.flags,
            "identity_verification": organization.identity_verification,
            **{name: organization.stored_sections.get(name) for name in left_to_store(sections)},
            **{section.name: section.tell() for section in sections},
            "zones": [_place(one) for one in Zone.objects.all()],
            "concepts": [_place(one) for one in Concept.objects.all()],
            "stores": _stores(),
            "api_clients": [
                {"key": one.key, "till": one.till.code, "token_ttl": one.token_ttl, "active": one.is_active}
                for one in ApiClient.objects.select_related("till")
            ],
            "fields": {**_fields(), "gender_field": organization.gender_field},
            "source_accounts": [
                {"source": one.source, "account": one.account, "active": one.is_active} for one in SourceAccount.objects.all()
            ],
            "card_series": [_card_series(one) for one in CardSeries.objects.all()],
            "staff": _staff(organization),
        }
    shown: dict[str, Any] = DOCUMENT.show(document)
    return shown


def _organization(organization: Organization) -> dict[str, Any]:
    names = ("code", "name", "timezone", "currency", "base_country", "countries", "language")
    return {name: getattr(organization, name) for name in names}


def _place(place: Zone | Concept) -> dict[str, Any]:
    return {"code": place.code, "name": place.name, "active": place.is_active}


def _stores() -> list[dict[str, Any]]:
    tills: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for till in Till.objects.all():
        tills[till.store_id].append({"code": till.code, "name": till.name, "active": till.is_active})
    return [
        {
            "code": store.code,
            "name": store.name,
            "external_id": store.external_id,
            "zone": store.zone and store.zone.code,
            "concept": store.concept and store.concept.code,
            "active": store.is_active,
            "tills": tills[store.pk],
        }
        for store in Store.objects.select_related("zone", "concept")
    ]


def _fields() -> dict[str, list[dict[str, Any]]]:
    fields: dict[str, list[dict[str, Any]]] = {category: [] for category in CATEGORIES}
    for one in FieldDefinition.objects.all():
        fields[one.category].append(
            {
                "mandatory": one.is_mandatory,
                "searchable": one.is_searchable,
                "active": one.is_active,
                **{name: getattr(one, name) for name in ("name", "type", "options", "max_length", "labels")},
            }
        )
    return fields


def _card_series(series: CardSeries) -> dict[str, Any]:
    values = {name: getattr(series, name) for name in ("code", "name", "type", "prefix", "length")}
    return {**values, "generate": series.generates, "active": series.is_active}


def _staff(organization: Organization) -> list[dict[str, Any]]:
    members = StaffMember.objects.filter(organization=organization).order_by("username").prefetch_related("stores")
    return [
        {
            "username": member.username,
            "role": member.role,
            "stores": sorted(store.code for store in member.stores.all()),
            "active": member.is_active,
        }
        for member in members
    ]
