"""`manage.py dump_organization CODE`: writes the organization's YAML file to standard output, without secrets."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from organizations.tenancy.models import Organization
from use_cases.organization_file import dump_organization


class Command(BaseCommand):
    """Writes an organization file."""

    help = "Write the YAML file of an organization to standard output. Secrets are left out; loading it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", metavar="CODE")

    def handle(self, *, code: str, **_options: Any) -> None:
        organization = Organization.objects.filter(code=code).first()
        if organization is None:
            raise CommandError(f"there is no organization {code!r}", returncode=2)
        self.stdout.write(dump_organization(organization), ending="")
