"""What is the demo, where may it be loaded, and how does one try it?

Its organization stands in demo/harbour.yaml, passwords included. They are public, so a production installation refuses all of
it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.management.base import CommandError
from ruamel.yaml import YAML

ORGANIZATION_FILE: Path = settings.BASE_DIR / "demo" / "harbour.yaml"
ORGANIZATION_CODE = "harbour"


class Login(NamedTuple):
    """A log-in of the back office."""

    username: str
    password: str
    what: str


# The superuser beside the organization's staff.
OPERATOR = Login("admin", "harbour-admin-demo", "operator: every organization")
# Two who are not among the demo's customers. Numbers 555-0100 to 555-0199 belong to nobody, in every area code.
FIRST_CALLER = {"mobile": "19025550101", "email": "mina.lowell@example.com", "firstname": "Mina", "lastname": "Lowell"}
SECOND_CALLER = {"mobile": "19025550102", "email": "noor.haddad@example.com", "firstname": "Noor", "lastname": "Haddad"}


def check_allowed(*, yes: bool) -> None:
    """Raise CommandError in production, and on a database of DATABASE_URL unless the caller said `yes`."""
    if settings.PRODUCTION:
        raise CommandError("LOYALTY_MODE=production: the demo's passwords are public, it is not loaded here.")
    if settings.DATABASE_URL and not yes:
        database = settings.DATABASES["default"]
        place = f"{database['NAME']} at {database['HOST'] or 'the local socket'}"
        raise CommandError(
            f"DATABASE_URL is set: the demo would bring the database {place} up to date and put its organization, customers"
            " and public passwords into it. Add --yes if that is what you want, or unset DATABASE_URL."
        )


def guide(url: str) -> str:
    """How to try the demo that is served at `url`: log-ins of the back office, and three calls to paste into a shell."""
    document = YAML(typ="safe", pure=True).load(ORGANIZATION_FILE)
    logins = [OPERATOR, *_staff(document)]
    widths = [max(len(login[column]) for login in logins) for column in (0, 1)]
    rows = [f"  {username:{widths[0]}}  {password:{widths[1]}}  {what}" for username, password, what in logins]
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
        ]
    )


def calls(url: str, *, till: Mapping[str, str]) -> tuple[str, str, str]:
    """An add in JSON, an add in XML and a get, as command lines for any POSIX shell. `till` has a `code` and a `password`."""
    # What a till sends in place of its password (docs/protocol.md 1.8).
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


def _staff(document: Mapping[str, Any]) -> Iterator[Login]:
    for member in document["staff"]:
        stores: Sequence[str] = member.get("stores", ())
        where = f" of {' and '.join(stores)}" if stores else ""
        yield Login(member["username"], member["password"], member["role"].replace("_", " ") + where)
