"""Sections of the organization file: `zones`, `concepts`, `stores` with their tills."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Model

from organizations.credentials.hashing import PASSWORD_COLUMNS, is_till_password, set_till_password
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.organization_file.common_keys import ACTIVE, check_secret, secret_keys
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import check_name, codes_of
from organizations.organization_file.rows import RowChanges, Secret, Table, WantedRow
from organizations.organization_file.schema import ListOf, Struct, Text, column_text, optional, required
from organizations.organization_file.sections import Document, InstallationNames, SecretKey, Section, list_rows
from organizations.tenancy.models import Organization

ZONE: Final = Struct(
    {"code": required(column_text(Zone, "code")), "name": required(column_text(Zone, "name")), "active": ACTIVE}
)
CONCEPT: Final = Struct(
    {"code": required(column_text(Concept, "code")), "name": required(column_text(Concept, "name")), "active": ACTIVE}
)
TILL: Final = Struct(
    {
        "code": required(column_text(Till, "code")),
        "name": required(column_text(Till, "name")),
        **secret_keys("password"),
        "active": ACTIVE,
    },
    check_secret("password"),
)
STORE: Final = Struct(
    {
        "code": required(column_text(Store, "code")),
        "name": required(column_text(Store, "name")),
        "external_id": optional(column_text(Store, "external_id"), ""),
        "zone": optional(Text(100)),
        "concept": optional(Text(100)),
        "active": ACTIVE,
        "tills": optional(ListOf(TILL), []),
    }
)


def _table(model: type[Model], label: str, *, related: tuple[str, ...] = (), secret: Secret | None = None) -> Table:
    return Table(
        model=model,
        key_of=lambda row: row.code,
        label=lambda row: f"{label} {row.code}",
        related=related,
        secret=secret,
    )


TILL_SECRET: Final = Secret(
    key="password",
    attributes=PASSWORD_COLUMNS,
    set=set_till_password,
    matches=is_till_password,
    is_missing=lambda till: not till.password_hash,
)
ZONE_TABLE: Final = _table(Zone, "zone")
CONCEPT_TABLE: Final = _table(Concept, "concept")
STORE_TABLE: Final = _table(Store, "store", related=("zone", "concept"))
TILL_TABLE: Final = _table(Till, "till", related=("store",), secret=TILL_SECRET)


def list_tills(document: Document) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Path, store and till of every till of the document."""
    for path, store in list_rows(document, "stores"):
        for number, till in enumerate(store["tills"]):
            yield f"{path}.tills[{number}]", store, till


def check_stores(document: Document, problems: Problems) -> None:
    """Zones and concepts of stores exist; a till code occurs once."""
    zones, concepts = codes_of(document, "zones"), codes_of(document, "concepts")
    seen: set[str] = set()
    for path, store in list_rows(document, "stores"):
        check_name(store["zone"], zones, "zone", f"{path}.zone", problems)
        check_name(store["concept"], concepts, "concept", f"{path}.concept", problems)
        for number, till in enumerate(store["tills"]):
            if till["code"] in seen:
                problems.add(f"{path}.tills[{number}].code", f"{till['code']!r} stands here twice")
            seen.add(till["code"])


def load_zones(document: Document, rows: RowChanges) -> None:
    """Make zones equal to the document."""
    rows.apply(ZONE_TABLE, _named_rows(document, "zones"))


def load_concepts(document: Document, rows: RowChanges) -> None:
    """Make concepts equal to the document."""
    rows.apply(CONCEPT_TABLE, _named_rows(document, "concepts"))


def load_stores(document: Document, rows: RowChanges) -> None:
    """Make stores and tills equal to the document, after zones and concepts."""
    stores = rows.apply(STORE_TABLE, [_store_row(path, store, rows) for path, store in list_rows(document, "stores")])
    tills = [_till_row(path, till, stores[store["code"]]) for path, store, till in list_tills(document)]
    rows.apply(TILL_TABLE, tills)


def dump_stores(_organization: Organization) -> list[dict[str, Any]]:
    """Stores with their tills, by code."""
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


def _dump_named(model: type[Zone] | type[Concept]) -> list[dict[str, Any]]:
    return [{"code": row.code, "name": row.name, "active": row.is_active} for row in model.objects.all()]


def _till_codes(document: Document) -> InstallationNames:
    return InstallationNames(Till, "code", {till["code"]: f"{path}.code" for path, _, till in list_tills(document)})


ZONES: Final = Section(
    name="zones",
    schema=optional(ListOf(ZONE, key=("code",)), []),
    load=load_zones,
    dump=lambda _organization: _dump_named(Zone),
)
CONCEPTS: Final = Section(
    name="concepts",
    schema=optional(ListOf(CONCEPT, key=("code",)), []),
    load=load_concepts,
    dump=lambda _organization: _dump_named(Concept),
)
STORES: Final = Section(
    name="stores",
    schema=optional(ListOf(STORE, key=("code",)), []),
    check=check_stores,
    secrets=lambda document: (SecretKey(path, till, "password") for path, _, till in list_tills(document)),
    installation_names=_till_codes,
    load=load_stores,
    dump=dump_stores,
)


def _named_rows(document: Document, section: str) -> list[WantedRow]:
    return [
        WantedRow(row["code"], path, {"code": row["code"], "name": row["name"], "is_active": row["active"]})
        for path, row in list_rows(document, section)
    ]


def _store_row(path: str, store: dict[str, Any], rows: RowChanges) -> WantedRow:
    zones, concepts = rows.applied(ZONE_TABLE), rows.applied(CONCEPT_TABLE)
    values = {
        "code": store["code"],
        "name": store["name"],
        "external_id": store["external_id"],
        "zone": zones[store["zone"]] if store["zone"] else None,
        "concept": concepts[store["concept"]] if store["concept"] else None,
        "is_active": store["active"],
    }
    return WantedRow(store["code"], path, values)


def _till_row(path: str, till: dict[str, Any], store: Store) -> WantedRow:
    values = {"code": till["code"], "name": till["name"], "store": store, "is_active": till["active"]}
    return WantedRow(till["code"], path, values, till["password"])
