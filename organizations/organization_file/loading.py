"""What does loading a document do? One transaction that brings the organization to exactly what the document says.

What is not active yet (`document.STORED_SECTIONS`) is kept as checked JSON on the organization. Loads of one organization wait for
each other; credentials are the installation's, so names that another organization owns are refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from django.contrib.auth.hashers import check_password, is_password_usable
from django.db import transaction
from django.db.models import Model

from loyalty_project.db.locking import lock
from organizations.actors import command_actor
from organizations.models import (
    ApiClient,
    CardSeries,
    Concept,
    FieldDefinition,
    Organization,
    SourceAccount,
    StaffMember,
    Store,
    Till,
    Zone,
)
from organizations.organization_file.checking import Document
from organizations.organization_file.document import CATEGORIES, DOCUMENT, STORED_DEFAULTS, STORED_SECTIONS
from organizations.organization_file.problems import Problems
from organizations.organization_file.references import fields_of
from organizations.organization_file.rows import RowChanges, Secret, Table, Wanted, shown
from organizations.scoping import organization_scope, unscoped
from organizations.services.audit import Change, record_changes
from organizations.services.credentials import (
    password_digest,
    set_client_secret,
    set_till_password,
    verify_digest,
    verify_secret,
)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, or would have done: changed `lines` path by path, `notes` to the operator, `stored` sections."""

    organization: Organization
    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stored: list[str] = field(default_factory=list)


def load_organization(document: Document, *, dry_run: bool = False) -> LoadReport:
    """Bring the organization to what `document` (of `checking.check_document`) says, all of it or nothing.

    With `dry_run` everything is done and rolled back. Raises `OrganizationFileError` for credential names that belong to another
    organization.
    """
    with transaction.atomic():
        organization = lock(Organization.objects.filter(code=document["organization"]["code"])).first()
        _refuse_foreign_names(document, organization)
        report = _load(document, organization)
        transaction.set_rollback(dry_run)
    return report


def _load(document: Document, organization: Organization | None) -> LoadReport:
    lines: list[str] = []
    changes: list[Change] = []
    organization = _bring_organization(document, organization, lines, changes)
    rows = RowChanges(organization)
    with organization_scope(organization):
        _bring_rows(document, rows)
        record_changes([*changes, *rows.changes], by=command_actor("load_organization", organization))
    stored = [section for section in STORED_SECTIONS if section in organization.stored_sections]
    return LoadReport(organization, lines + rows.lines, rows.notes, stored)


def _refuse_foreign_names(document: Document, organization: Organization | None) -> None:
    """Till codes, client keys and user names belong to the installation: those of another organization are an error."""
    tills = {till["code"]: f"{path}.code" for path, _, till in _tills(document)}
    clients = {one["key"]: f"api_clients[{number}].key" for number, one in enumerate(document["api_clients"])}
    staff = {one["username"]: f"staff[{number}].username" for number, one in enumerate(document["staff"])}
    kinds: list[tuple[type[Model], str, dict[str, str]]] = [
        (Till, "code", tills),
        (ApiClient, "key", clients),
        (StaffMember, "username", staff),
    ]
    problems = Problems()
    own = organization.pk if organization else None
    with unscoped("till codes, client keys and user names are unique in the whole installation"):
        for model, name, paths in kinds:
            owners = model._default_manager.filter(**{f"{name}__in": paths}).values_list(name, "organization_id")
            for taken in sorted(one for one, owner in owners if own is None or owner != own):
                problems.add(paths[taken], f"{taken!r} belongs to somebody else on this installation")
    problems.stop_here()


# --- the organization itself


def _bring_organization(
    document: Document, organization: Organization | None, lines: list[str], changes: list[Change]
) -> Organization:
    said = document["organization"]
    values = {
        **said,
        "base_country": said["base_country"] or "",
        "gender_field": (document["fields"] or {}).get("gender_field", ""),
        "flags": document["settings"],
        "stored_sections": stored_sections(document),
    }
    if organization is None:
        organization = Organization.objects.create(**values)
        lines.append(f"organization: created {organization.code}")
        changes.append(_change("created", organization, old={}, new=values))
        return organization
    different = [name for name, value in values.items() if getattr(organization, name) != value]
    if different:
        old = {name: getattr(organization, name) for name in different}
        new = {name: values[name] for name in different}
        lines += _organization_lines(old, new)
        changes.append(_change("changed", organization, old=old, new=new))
        for name in different:
            setattr(organization, name, values[name])
        organization.save(update_fields=different)
    return organization


def _change(action: str, organization: Organization, *, old: Mapping[str, Any], new: Mapping[str, Any]) -> Change:
    return Change(action=action, object_type="organization", object_id=organization.pk, old=old, new=new)


def _organization_lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in new:
        if name == "stored_sections":
            for section in STORED_SECTIONS:
                if section not in old[name] and section in new[name]:
                    yield f"{section}: stored"
                else:
                    yield from differences(section, old[name].get(section), new[name].get(section))
        elif name == "flags":
            for flag in sorted({*old[name], *new[name]}):
                before, after = (flags.get(flag, STORED_DEFAULTS[flag]) for flags in (old[name], new[name]))
                yield from differences(f"settings.{flag}", before, after)
        else:
            path = "fields.gender_field" if name == "gender_field" else f"organization.{name}"
            yield from differences(path, old[name] or None, new[name] or None)


def stored_sections(document: Document) -> dict[str, Any]:
    """The sections that are not active yet as JSON, in the document's shortest form; empty ones are left out."""
    shown = {section: DOCUMENT.keys[section].kind.show(document[section]) for section in STORED_SECTIONS if document[section]}
    return {section: _jsonable(value) for section, value in shown.items() if value}


def _jsonable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _jsonable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_jsonable(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    # `schema.Number` bounds the digits so that a double keeps them all.
    return float(value) if isinstance(value, Decimal) else value


def differences(path: str, old: Any, new: Any) -> Iterator[str]:
    """One line for each place where two JSON values differ, with its path."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*new, *(key for key in old if key not in new)]:
            yield from differences(f"{path}.{key}", old.get(key), new.get(key))
    elif isinstance(old, list) and isinstance(new, list) and any(isinstance(one, dict) for one in [*old, *new]):
        for number in range(max(len(old), len(new))):
            at = f"{path}[{number}]"
            if number >= len(old):
                yield f"{at}: added"
            elif number >= len(new):
                yield f"{at}: removed"
            else:
                yield from differences(at, old[number], new[number])
    elif old != new:
        yield f"{path}: removed" if new is None and isinstance(old, dict | list) else f"{path}: {shown(old)} -> {shown(new)}"


# --- the rows

_TILL_SECRET: Final = Secret(
    word="password",
    attribute="password_hash",
    put=set_till_password,
    proves=lambda till, password: verify_digest(till.password_hash, password_digest(password)),
    missing=lambda till: not till.password_hash,
)
_CLIENT_SECRET: Final = Secret(
    word="secret",
    attribute="secret_hash",
    put=set_client_secret,
    proves=lambda client, secret: verify_secret(client.secret_hash, secret),
    missing=lambda client: not client.secret_hash,
)
_STAFF_SECRET: Final = Secret(
    word="password",
    attribute="password",
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


def _bring_rows(document: Document, rows: RowChanges) -> None:
    zones = rows.bring(ZONES, _places(document, "zones"))
    concepts = rows.bring(CONCEPTS, _places(document, "concepts"))
    stores = rows.bring(STORES, [_store(path, one, zones, concepts) for path, one in _listed(document, "stores")])
    tills = rows.bring(TILLS, [_till(path, one, stores[store["code"]]) for path, store, one in _tills(document)])
    rows.bring(CLIENTS, [_client(path, one, tills) for path, one in _listed(document, "api_clients")])
    rows.bring(FIELDS, _fields(document, list(rows.present(FIELDS).values())))
    rows.bring(ACCOUNTS, [_account(path, one) for path, one in _listed(document, "source_accounts")])
    rows.bring(CARDS, [_card_series(path, one) for path, one in _listed(document, "card_series")])
    staff = rows.bring(STAFF, [_staff(path, one) for path, one in _listed(document, "staff")])
    _bring_stores_of_staff(document, rows, staff, stores)


Named = Mapping[Any, Any]


def _listed(document: Document, section: str) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{section}[{number}]", one) for number, one in enumerate(document[section])]


def _tills(document: Document) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
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
    for member, code in links.values_list("staffmember_id", "store__code"):
        present.setdefault(member, set()).add(code)
    for path, said in _listed(document, "staff"):
        member = cast(StaffMember, staff[said["username"]])
        old = sorted(present.get(member.pk, ()))
        new = sorted(said["stores"])
        if old != new:
            member.stores.set([stores[code] for code in new])
            rows.note(member, path, {"stores": old}, {"stores": new})
