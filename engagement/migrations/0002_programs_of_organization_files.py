"""The programs that organization files brought so far, kept as checked JSON on the organization, become rows.

Going back writes them as JSON again and leaves the rows, which members may refer to; going forth again, what the JSON says by
then is brought to them as a load would.
"""

from django.db import migrations
from django.utils import timezone

OWN = ("name", "description", "default", "active", "bound_to")
BINDINGS = {"zones": "Zone", "concepts": "Concept", "card_series": "CardSeries"}


def make_rows(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    Program = apps.get_model("engagement", "Program")
    for organization in Organization.objects.filter(stored_sections__has_key="programs"):
        said = organization.stored_sections.pop("programs")
        present = Program.objects.filter(organization=organization)
        # Two defaults at once the database refuses, even for a moment.
        present.update(is_active=False, is_default=False)
        for program in present:
            for name in BINDINGS:
                getattr(program, name).clear()
        for stated in said:
            program, _ = Program.objects.update_or_create(
                organization=organization,
                name=stated["name"],
                defaults={
                    "description": stated.get("description", ""),
                    "is_default": stated.get("default", False),
                    "is_active": stated.get("active", True),
                },
            )
            for name, model in BINDINGS.items():
                codes = stated.get("bound_to", {}).get(name, [])
                rows = apps.get_model("organizations", model).objects.filter(organization=organization, code__in=codes)
                getattr(program, name).set(rows)
            make_version(apps, program, {name: value for name, value in stated.items() if name not in OWN})
        organization.save(update_fields=["stored_sections"])


def make_version(apps, program, rules):
    ProgramVersion = apps.get_model("engagement", "ProgramVersion")
    Tier = apps.get_model("engagement", "Tier")
    of_program = {"organization": program.organization, "program": program}
    newest = ProgramVersion.objects.filter(program=program).order_by("-number").first()
    if newest is None or newest.rules != rules:
        number = newest.number + 1 if newest else 1
        ProgramVersion.objects.create(**of_program, number=number, rules=rules, made_at=timezone.now())
    tiers = rules.get("tiers", [])
    Tier.objects.filter(program=program).exclude(name__in=[tier["name"] for tier in tiers]).update(is_active=False)
    for position, tier in enumerate(tiers, start=1):
        said = {"position": position, "description": tier.get("description", ""), "is_active": True}
        Tier.objects.update_or_create(**of_program, name=tier["name"], defaults=said)


def write_json(apps, _schema_editor):
    Organization = apps.get_model("organizations", "Organization")
    Program = apps.get_model("engagement", "Program")
    # Read no more than is needed: going back, columns that came later are gone already.
    for organization in Organization.objects.only("stored_sections"):
        programs = Program.objects.filter(organization=organization).order_by("-is_default", "name")
        said = [as_said(apps, program) for program in programs]
        if said:
            organization.stored_sections["programs"] = said
            organization.save(update_fields=["stored_sections"])


def as_said(apps, program):
    """In the file's words and shortest form: what is a default is left out."""
    bound = {name: sorted(getattr(program, name).values_list("code", flat=True)) for name in BINDINGS}
    said = {
        "name": program.name,
        "description": program.description,
        "default": program.is_default,
        "bound_to": {name: codes for name, codes in bound.items() if codes},
    }
    newest = apps.get_model("engagement", "ProgramVersion").objects.filter(program=program).order_by("-number").first()
    off = {} if program.is_active else {"active": False}
    return {**{name: value for name, value in said.items() if value}, **off, **newest.rules}


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0001_initial"),
        ("organizations", "0003_import_runs"),
    ]
    operations = [migrations.RunPython(make_rows, write_json)]
