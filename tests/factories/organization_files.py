"""The document with everything in it, and ways to spoil it."""

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

from organizations.organization_file.loading import LoadReport, load_organization
from organizations.organization_file.problems import OrganizationFileError
from organizations.organization_file.reading import read_document
from organizations.organization_file.sections import Document, Section, stored_section
from use_cases.organization_file import SECTIONS, check_values

WHOLE = Path(__file__).with_name("whole.yaml")
ABSENT = object()


def storing(*names: str) -> list[Section]:
    """All sections, but the named ones are stored as JSON, as they were before their part was built."""
    return [
        stored_section(section.name, section.schema, check=section.check) if section.name in names else section
        for section in SECTIONS
    ]


OWN_SECTIONS = storing(
    *("programs", "coupon_series", "referral_campaigns", "segments", "user_groups", "customer_statuses", "tickets")
)


@cache
def _read_whole() -> Any:
    return read_document(WHOLE.read_bytes())


def whole() -> dict[str, Any]:
    """The whole document as read, before any check; every call gives a fresh one."""
    document: dict[str, Any] = deepcopy(_read_whole())
    return document


def small(code: str = "tiny") -> dict[str, Any]:
    """One store, one till."""
    tills = [{"code": f"{code}.till1", "name": "Till", "password": "till-secret"}]
    return {"organization": {"code": code, "name": "Tiny"}, "stores": [{"code": "main", "name": "Main", "tills": tills}]}


def spoil(document: Any, path: str, value: Any) -> None:
    """Put `value` at `path`, as problems spell paths; ABSENT takes away what is there."""
    steps = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
    for step in steps[:-1]:
        document = document[step]
    if value is ABSENT:
        del document[steps[-1]]
    elif isinstance(document, list) and steps[-1] == len(document):
        document.append(value)
    else:
        document[steps[-1]] = value


def check(document: Any, environment: Mapping[str, str] | None = None) -> Document:
    return check_values(deepcopy(document), environment=environment or {})


def problems_of(document: Any, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is wrong with the document: messages by path; empty if nothing is."""
    try:
        check(document, environment)
    except OrganizationFileError as error:
        return {problem.path: problem.message for problem in error.problems}
    return {}


def load(
    document: Any,
    *,
    sections: Sequence[Section] = OWN_SECTIONS,
    environment: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> LoadReport:
    """Loaded with the sections of `organizations` as rows; the others are stored as JSON unless `sections` says otherwise."""
    return load_organization(check(document, environment), sections=sections, dry_run=dry_run)
