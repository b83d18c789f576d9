"""Every constraint that code names exists in the database: else its code would never be answered."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.db import connection

from loyalty_project.protocol.codes import CodeTable

PACKAGES = (
    *("customers", "engagement", "organizations", "referrals", "subscriptions", "tickets", "webhooks", "use_cases"),
    "loyalty_project",
)
ROOT = Path(__file__).parents[1]
# Constants of modules: codes by the name of a constraint, or one name.
CONSTANTS = re.compile(r"_?(CONSTRAINTS?)")
# Modules that are run, not imported.
RUN = re.compile(r"\.(wsgi\w*|__main__|migrations\b.*)$")


def constants() -> Iterator[tuple[str, str | Mapping[str, CodeTable]]]:
    """The constants, each with its module."""
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], prefix=f"{package}."):
            if not RUN.search(module.name):
                for name, value in vars(importlib.import_module(module.name)).items():
                    if CONSTANTS.fullmatch(name):
                        yield module.name, value


@pytest.mark.django_db
def test_every_constraint_that_code_names_exists() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint UNION "
            "SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid WHERE indisunique"
        )
        existing = {name for (name,) in cursor.fetchall()}
    named = [(module, name) for module, value in constants() for name in ([value] if isinstance(value, str) else value)]
    assert len({name for _, name in named}) > 10
    assert [(module, name) for module, name in named if name not in existing] == []


def test_every_named_constraint_has_a_code() -> None:
    tables = [(module, value) for module, value in constants() if isinstance(value, Mapping)]
    assert tables
    assert [module for module, table in tables if not all(isinstance(code, CodeTable) for code in table.values())] == []
