"""Guide to the running demo: its log-ins, and commands to paste into a shell."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from ruamel.yaml import YAML

from demo.organization import ORGANIZATION_FILE
from organizations.staff.reach import VIEW_PERMISSION
from use_cases.back_office import STAFF_PERMISSIONS


class Login(NamedTuple):
    """A log-in of the back office, with its role in words."""

    username: str
    password: str
    role: str


# The superuser beside the organization's staff.
OPERATOR = Login("admin", "harbour-admin-demo", "operator: every organization")
# Two people who are not among the demo's customers, with unused phone numbers.
FIRST_CALLER = {"mobile": "19025550101", "email": "mina.lowell@example.com", "firstname": "Mina", "lastname": "Lowell"}
SECOND_CALLER = {"mobile": "19025550102", "email": "noor.haddad@example.com", "firstname": "Noor", "lastname": "Haddad"}


def guide(url: str) -> str:
    """Text for users of the demo served at `url`: log-ins of the back office, and commands to paste."""
    document = YAML(typ="safe", pure=True).load(ORGANIZATION_FILE)
    logins = [OPERATOR, *_staff(document)]
    widths = [max(len(login[column]) for login in logins) for column in (0, 1)]
    rows = [f"  {username:{widths[0]}}  {password:{widths[1]}}  {role}" for username, password, role in logins]
    add_json, add_xml, get = calls(url, till=document["stores"][0]["tills"][0])
    return "\n".join(
        [
            f"{document['organization']['name']}, the back office: {url}/admin/",
            "",
            *rows,
            "",
            "Call it as a till does, from another terminal. Register a customer, in JSON:",
            "",
            add_json,
            "",
            "Another one, in XML:",
            "",
            add_xml,
            "",
            "Find the first:",
            "",
            get,
            "",
            "Watch a trading day of twenty tills, from another terminal; it ends with a check of all that they did:",
            "",
            simulation(url),
            "",
        ]
    )


def calls(url: str, *, till: Mapping[str, str]) -> tuple[str, str, str]:
    """An add in JSON, an add in XML and a get, as command lines for any POSIX shell. `till` has a `code` and a `password`."""
    # A till sends this in place of its password (docs/protocol.md 1.8).
    digest = hashlib.md5(till["password"].encode(), usedforsecurity=False).hexdigest()
    curl = f"curl -s -u '{till['code']}:{digest}'"
    address = f"{url}/v1.1/customer"
    in_json = json.dumps({"root": {"customer": [FIRST_CALLER]}})
    in_xml = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in SECOND_CALLER.items())
    return (
        f"{curl} -H 'Content-Type: application/json' '{address}/add?format=json' -d '{in_json}'",
        f"{curl} -H 'Content-Type: application/xml' '{address}/add?format=xml' -d '<root><customer>{in_xml}</customer></root>'",
        f"{curl} '{address}/get?format=json&mobile={FIRST_CALLER['mobile']}&user_id=true'",
    )


def simulation(url: str) -> str:
    """The command that lets made-up tills trade against the demo at `url`."""
    return f".venv/bin/python manage.py simulate_tills --url {url} --tills 20 --minutes 5"


def _staff(document: Mapping[str, Any]) -> Iterator[Login]:
    for member in document["staff"]:
        stores: Sequence[str] = member.get("stores", ())
        of_stores = f" of {' and '.join(stores)}" if stores else ""
        sees = VIEW_PERMISSION in STAFF_PERMISSIONS.by_role[member["role"]]
        role = member["role"].replace("_", " ") + of_stores + ("" if sees else ": sees personal data masked")
        yield Login(member["username"], member["password"], role)
