"""Hand-written statements on tenants' rows take the organization of the scope."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from django.apps import apps
from django.conf import settings

from organizations.locations.models import Till
from organizations.tenancy.scoping import OutsideScopeError, TenantModel, no_scope, organization_scope, unscoped
from organizations.tenancy.statements import fetch_rows, fetch_written_rows, write_rows

APPS: Final = ("organizations", "customers", "engagement", "subscriptions", "tickets", "use_cases", "demo")
# Modules of apps that send statements past `organizations.tenancy.statements`, each with its reason.
ELSEWHERE: Final = {
    "organizations/tenancy/statements.py": "adds the organization",
    "organizations/tenancy/rows.py": "the rows of all organizations, where the scope is all of them",
    "organizations/configuration.py": "the version of an organization, which it names",
    "organizations/credentials/lookup.py": "the organization is not known before the credential is",
    "organizations/credentials/failed_attempts.py": "counts guesses, which belong to no organization",
    "organizations/credentials/rate_limits.py": "callers, whose names are unique in the installation",
    "organizations/imports/dry_runs.py": "a setting of the transaction",
    "organizations/organization_file/loading.py": "a setting of the transaction",
    "customers/duplicates/services.py": "compares a whole organization, which it names; settings of the transaction",
    "customers/field_terms/services.py": "names the organization of the customers; the server's transactions",
    "customers/identifiers/exclusivity.py": "a setting of the transaction",
    "engagement/points/checks/run.py": "proofs, each of which names the organization",
    "engagement/points/expiring.py": "the condition of a list, with the organization of its rows",
    "engagement/points/ledger/zone_change.py": "changes a whole organization, which it names; a setting of the transaction",
    "engagement/points/settlement.py": "a setting of the transaction",
    "use_cases/exporting.py": "a stream, with the organization of the scope",
}
# Modules with a statement or fragment that names a tenant's table but not the organization.
UNNAMED: Final = {
    "organizations/credentials/lookup.py": "the organization is not known before the credential is",
    "customers/duplicates/services.py": "joins customers by the ids of a part that names it",
    "engagement/points/ledger/zone_change.py": "updates accounts by the ids of a part that names it",
}
COUNT: Final = "SELECT count(*) FROM organizations_till WHERE organization_id = %(organization)s AND code = %(code)s"
RENAME: Final = "UPDATE organizations_till SET name = 'New' WHERE organization_id = %(organization)s AND code = %(code)s"
_NAMES_IT: Final = re.compile(r"%\(organization\)s|\borganization_id = \w+\.organization_id\b")


def sources() -> Iterator[tuple[str, str]]:
    """Each module of the apps but migrations: its path and its source."""
    root = Path(settings.BASE_DIR)
    for path in [path for folder in APPS for path in (root / folder).rglob("*.py") if "migrations" not in path.parts]:
        yield str(path.relative_to(root)), path.read_text(encoding="utf-8")


def texts(node: ast.AST) -> Iterator[str]:
    """Every text of the code, formatted ones as a whole."""
    if isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from texts(child)


@pytest.fixture(params=[fetch_rows, fetch_written_rows, write_rows], ids=lambda function: function.__name__)
def send(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Each way to send a statement."""
    function: Callable[..., Any] = request.param
    return function


def test_a_statement_takes_the_organization_of_the_scope(till: Till, stranger: Till) -> None:
    assert fetch_rows(COUNT, {"code": till.code}) == [(1,)]
    assert fetch_rows(COUNT, {"code": stranger.code}) == [(0,)]
    with organization_scope(stranger.organization):
        assert fetch_rows(COUNT, {"code": stranger.code}) == [(1,)]


def test_a_statement_does_not_take_another_organization(till: Till, stranger: Till) -> None:
    assert fetch_rows(COUNT, {"code": stranger.code, "organization": stranger.organization_id}) == [(0,)]


def test_a_write_changes_rows_of_the_scope_only(till: Till, stranger: Till) -> None:
    assert write_rows(RENAME, {"code": stranger.code}) == 0
    assert write_rows(RENAME, {"code": till.code}) == 1
    assert fetch_written_rows(f"{RENAME} RETURNING id", {"code": till.code}) == [(till.pk,)]


def test_a_statement_outside_of_a_scope_raises(send: Callable[..., Any]) -> None:
    with no_scope(), pytest.raises(OutsideScopeError):
        send(COUNT, {"code": "mgroad.till1"})


def test_a_statement_in_the_scope_of_everything_raises(send: Callable[..., Any]) -> None:
    with unscoped("a test"), pytest.raises(OutsideScopeError):
        send(COUNT, {"code": "mgroad.till1"})


def test_a_statement_without_an_organization_is_refused(send: Callable[..., Any]) -> None:
    with organization_scope(1), pytest.raises(ValueError, match="without its organization"):
        send("SELECT count(*) FROM organizations_till", {})


def test_only_the_listed_modules_send_statements_elsewhere() -> None:
    ways = re.compile(r"cursor\(|loyalty_project\.db import statements|loyalty_project\.db\.statements|\.raw\(|\bRawSQL\b")
    assert {module for module, source in sources() if ways.search(source)} == set(ELSEWHERE)


def test_statements_on_tenants_tables_name_the_organization() -> None:
    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)]
    names_a_table = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE)\s+(?:{'|'.join(tables)})\b")
    unnamed = {
        module
        for module, source in sources()
        for text in texts(ast.parse(source))
        if names_a_table.search(text) and not _NAMES_IT.search(text)
    }
    assert unnamed == set(UNNAMED)
