"""`manage.py import_referrals --organization CODE FILE`: imports invitations (docs/imports.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from customers.lookup.resolve import read_rows
from loyalty_project import clock
from loyalty_project.imports.batches import Worker
from loyalty_project.imports.cells import Values
from loyalty_project.imports.results import RowResult, RowStatus, refused, work_sound
from loyalty_project.protocol.codes import Code
from loyalty_project.protocol.errors import LoyaltyError
from organizations.audit.actors import Actor
from organizations.configuration import current_configuration
from organizations.imports.command import ImportCommand
from referrals.campaigns.catalog import load_campaigns
from referrals.invitations.imports import CODES, check_referral_columns, import_referrals, row_reader
from referrals.invitations.requests import Reader
from referrals.invitations.services import CONSTRAINTS


class Command(ImportCommand):
    """Brings the invitations of a file."""

    name = "import_referrals"
    help = "Imports invitations of referrers from a CSV file: docs/imports.md."
    about = "Invitations that customers sent to friends"

    def open_worker(self, columns: Sequence[str], *, by: Actor, options: Mapping[str, Any]) -> Worker:  # noqa: ARG002 - it has none
        """The worker of files with these columns. Raises `ColumnsError`."""
        check_referral_columns(columns)
        return Worker(work=ReferralBatch(by).work, constraints=CONSTRAINTS, fallback=Code.INVALID_INPUT, codes=CODES)


@dataclass(frozen=True, slots=True)
class ReferralBatch:
    """Works rows of a referral file."""

    by: Actor

    def work(self, rows: Sequence[Values]) -> list[RowResult]:
        """A result for each row."""
        organization, now = self.by.organization, clock.now()
        reader = Reader(organization=organization, policy=organization.policy, country_code="", now=now)
        read = read_rows(rows, row_reader(current_configuration().part(load_campaigns), reader), organization=organization)
        return work_sound(read, lambda sound: map(_row_result, import_referrals(sound, by=self.by, now=now)))


def _row_result(result: RowStatus | LoyaltyError) -> RowResult:
    return refused(result) if isinstance(result, LoyaltyError) else RowResult(result)
