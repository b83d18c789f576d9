"""Programs for tests, as an organization file says them."""

from copy import deepcopy
from typing import Any

from organizations.organization_file.loading import LoadReport
from organizations.tenancy.models import Organization
from tests.factories.organization_files import check
from use_cases.organization_file import load_organization

CLUB: dict[str, Any] = {
    "name": "Club",
    "description": "The club",
    "default": True,
    "precision": 1,
    "enrolment": {"points": 50},
    "earning": [{"name": "base", "award": {"per": 100, "points": 5}}],
    "tiers": [
        {"name": "Bronze", "description": "Everybody"},
        {
            "name": "Silver",
            "description": "Regulars",
            "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 1000},
            "validity_months": 12,
        },
        {"name": "Gold", "upgrade": {"based_on": "CUMULATIVE_PURCHASES", "threshold": 5000}},
    ],
}


def club(**changes: Any) -> dict[str, Any]:
    """The default program, with `changes`."""
    return {**deepcopy(CLUB), **changes}


def document(*programs: dict[str, Any]) -> dict[str, Any]:
    """Two zones with a store each, two concepts, a card series, and these programs."""
    return {
        "organization": {"code": "northwind", "name": "Northwind", "timezone": "Asia/Kolkata"},
        "zones": [{"code": "south", "name": "South"}, {"code": "north", "name": "North"}],
        "concepts": [{"code": "food", "name": "Food"}, {"code": "fashion", "name": "Fashion"}],
        "stores": [
            {"code": "blr", "name": "Bengaluru", "zone": "south", "concept": "food"},
            {"code": "del", "name": "Delhi", "zone": "north", "concept": "fashion"},
            {"code": "web", "name": "Web shop"},
        ],
        "card_series": [{"code": "GOLD", "name": "Gold card"}, {"code": "PLAIN", "name": "Plain card"}],
        "programs": list(programs),
    }


def load(*programs: dict[str, Any], dry_run: bool = False) -> LoadReport:
    return load_organization(check(document(*programs)), dry_run=dry_run)


def loaded(*programs: dict[str, Any], base_country: str = "") -> Organization:
    organization = load(*programs).organization
    if base_country:
        organization.base_country = base_country
        organization.save(update_fields=["base_country"])
    return organization
