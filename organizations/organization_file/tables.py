"""Which rows does a document ask for, table by table, and in which order do they come about?

Each kind of row has a `Table` (its natural key, and where its attributes stand in the document) and a function that makes the
`Wanted` rows of a document; `rows` does the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.contrib.auth.hashers import check_password, is_password_usable
from django.db.models import Model

from organizations.card_series.models import CardSeries
from organizations.credentials.hashing import (
    PASSWORD_COLUMNS,
    is_till_password,
    set_client_secret,
    set_till_password,
    verify_secret,
)
from organizations.credentials.models import ApiClient
from organizations.fields.models import FieldDefinition
from organizations.locations.models import Concept, Store, Till, Zone
from organizations.organization_file.checking import Document
from organizations.organization_file.document import CATEGORIES
from organizations.organization_file.references import fields_of
from organizations.organization_file.rows import RowChanges, Secret, Table, Wanted
from organizations.source_accounts.models import SourceAccount
from organizations.staff.models import StaffMember

Named = Mapping[Any, Any]

_TILL_SECRET: Final = Secret(
    word="password",
    attributes=PASSWORD_COLUMNS,
    put=set_till_password,
    proves=is_till_password,
    missing=lambda till: not till.password_hash,
)
_CLIENT_SECRET: Final = Secret(
    word="secret",
    attributes=("secret_hash",),
    put=set_client_secret,
    proves=lambda client, secret: verify_secret(client.secret_hash, secret),
    missing=lambda client: not client.secret_hash,
)
_STAFF_SECRET: Final = Secret(
    word="password",
    attributes=("password",),
    put=lambda member, password: member.set_password(password),
    proves=lambda member, password: check_password(password, member.password),
    missing=lambda member: not is_password_usable(member.password) or not member.password,
)
_ACTIVE: Final = {"is_active": "active"}


def _by_code(model: type[Model], section: str, **more: Any) -> Table:
    words = {**_ACTIVE, **more.pop("words", {})}
    return Table(model=model, key_of=lambda row: row.code, told=lambda row: f"{section} {row.code}", words=words, **more)


ZONES: Final = _by_code(Zone, "zone")
CONCEPTS: Final = _by_code(Concept, "concept")
STORES: Final = _by_code(Store, "store", related=("zone", "concept"))
TILLS: Final = _by_code(Till, "till", related=("store",), secret=_TILL_SECRET)
CARDS: Final = _by_code(CardSeries, "card series", words={"generates": "generate"})
CLIENTS: Final = Table(
    model=ApiClient,
    key_of=lambda row: row.key,
    told=lambda row: f"API client {row.key}",
    words=_ACTIVE,
    related=("till",),
    secret=_CLIENT_SECRET,
)
FIELDS: Final = Table(
    model=FieldDefinition,
    key_of=lambda row: (row.category, row.name),
    told=lambda row: f"{row.category} field {row.name}",
    words={**_ACTIVE, "is_mandatory": "mandatory", "is_searchable": "searchable"},
)
ACCOUNTS: Final = Table(
    model=SourceAccount,
    key_of=lambda row: (row.source, row.account),
    told=lambda row: f"source account {row.source} {row.account}",
    words=_ACTIVE,
)
STAFF: Final = Table(
    model=StaffMember,
    key_of=lambda row: row.username,
    told=lambda row: f"staff {row.username}",
    words=_ACTIVE,
    secret=_STAFF_SECRET,
)


def bring_rows(document: Document, rows: RowChanges) -> None:
    """Make every table of the organization what `document` says; call it in the organization's scope."""
    zones = rows.bring(ZONES, _places(document, "zones"))
    concepts = rows.bring(CONCEPTS, _places(document, "concepts"))
    stores = rows.bring(STORES, [_store(path, one, zones, concepts) for path, one in _listed(document, "stores")])
    tills = rows.bring(TILLS, [_till(path, one, stores[store["code"]]) for path, store, one in tills_of(document)])
    rows.bring(CLIENTS, [_client(path, one, tills) for path, one in _listed(document, "api_clients")])
    rows.bring(FIELDS, _fields(document, list(rows.present(FIELDS).values())))
    rows.bring(ACCOUNTS, [_account(path, one) for path, one in _listed(document, "source_accounts")])
    rows.bring(CARDS, [_card_series(path, one) for path, one in _listed(document, "card_series")])
    staff = rows.bring(STAFF, [_staff(path, one) for path, one in _listed(document, "staff")])
    _bring_stores_of_staff(document, rows, staff, stores)


def _listed(document: Document, section: str) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{section}[{number}]", one) for number, one in enumerate(document[section])]


def tills_of(document: Document) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Path, store and till of every till that the document names."""
    for path, store in _listed(document, "stores"):
        for position, till in enumerate(store["tills"]):
            yield f"{path}.tills[{position}]", store, till


def _places(document: Document, section: str) -> list[Wanted]:
    return [
        Wanted(one["code"], path, {"code": one["code"], "name": one["name"], "is_active": one["active"]})
        for path, one in _listed(document, section)
    ]


def _store(path: str, store: dict[str, Any], zones: Named, concepts: Named) -> Wanted:
    return Wanted(
        store["code"],
        path,
        {
            "code": store["code"],
            "name": store["name"],
            "external_id": store["external_id"],
            "zone": zones[store["zone"]] if store["zone"] else None,
            "concept": concepts[store["concept"]] if store["concept"] else None,
            "is_active": store["active"],
        },
    )


def _till(path: str, till: dict[str, Any], store: Store) -> Wanted:
    values = {"code": till["code"], "name": till["name"], "store": store, "is_active": till["active"]}
    return Wanted(till["code"], path, values, till["password"])


def _client(path: str, client: dict[str, Any], tills: Named) -> Wanted:
    values = {
        "key": client["key"],
        "till": tills[client["till"]],
        "token_ttl": client["token_ttl"],
        "is_active": client["active"],
    }
    return Wanted(client["key"], path, values, client["secret"])


def _account(path: str, account: dict[str, Any]) -> Wanted:
    key = (account["source"], account["account"])
    return Wanted(key, path, {"source": key[0], "account": key[1], "is_active": account["active"]})


def _card_series(path: str, series: dict[str, Any]) -> Wanted:
    values = {name: series[name] for name in ("code", "name", "type", "prefix", "length")}
    return Wanted(series["code"], path, {**values, "generates": series["generate"], "is_active": series["active"]})


def _staff(path: str, member: dict[str, Any]) -> Wanted:
    values = {"username": member["username"], "role": member["role"], "is_staff": True, "is_active": member["active"]}
    return Wanted(member["username"], path, values, member["password"])


def _fields(document: Document, present: Sequence[FieldDefinition]) -> list[Wanted]:
    wanted: list[Wanted] = []
    for category in CATEGORIES:
        fields = fields_of(document, category)
        positions = _positions([one["name"] for one in fields], [one for one in present if one.category == category])
        for number, one in enumerate(fields):
            values = {
                "category": category,
                "is_mandatory": one["mandatory"],
                "is_searchable": one["searchable"],
                "is_active": one["active"],
                "position": positions[one["name"]],
                **{name: one[name] for name in ("name", "type", "options", "max_length", "labels")},
            }
            wanted.append(Wanted((category, one["name"]), f"fields.{category}[{number}]", values))
    return wanted


def _positions(names: Sequence[str], present: Sequence[FieldDefinition]) -> dict[str, int]:
    """Where the named fields stand. Those already in the file's order stay where they are; new ones come last.

    `present` is in its present order, with the fields that the file no longer names: they keep their places as well.
    """
    standing = {one.name: one.position for one in present}
    if [name for name in standing if name in names] == list(names[: len([name for name in names if name in standing])]):
        after = max(standing.values(), default=-1) + 1
        new = [name for name in names if name not in standing]
        return {**standing, **{name: after + number for number, name in enumerate(new)}}
    return {name: number for number, name in enumerate(names)}


def _bring_stores_of_staff(document: Document, rows: RowChanges, staff: Named, stores: Named) -> None:
    present: dict[int, set[str]] = {}
    links = StaffMember.stores.through._default_manager.filter(staffmember__organization=rows.organization)
    for pk, code in links.values_list("staffmember_id", "store__code"):
        present.setdefault(pk, set()).add(code)
    for path, said in _listed(document, "staff"):
        member = staff[said["username"]]
        old = sorted(present.get(member.pk, ()))
        new = sorted(said["stores"])
        if old != new:
            member.stores.set([stores[code] for code in new])
            rows.note(member, path, {"stores": old}, {"stores": new})
