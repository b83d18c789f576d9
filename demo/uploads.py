"""Files of the demo that staff imported in the back office: one with refused rows, one of notes, and one that waits."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from customers.identifiers.models import Identifier
from organizations.audit.actors import Actor, staff_actor
from organizations.imports.checking import check_file
from organizations.imports.kinds import import_kinds
from organizations.imports.models import ImportRun, UploadedFile
from organizations.imports.running import import_file, start_import
from organizations.imports.uploads import choose_columns, store_upload
from organizations.staff.models import StaffMember
from organizations.tenancy.models import Organization

IMPORTER: Final = "maya"
_MEMBERS: Final = ("E-mail", "First name", "Surname", "Member since", "Member no.", "Shelf")
# Members of a shop that was taken over; two rows are refused.
_TAKEN_OVER: Final = (
    ("ada.penrose@example.com", "Ada", "Penrose", "2024-03-12", "TC-001", "A"),
    ("bram.oosterhuis@example.com", "Bram", "Oosterhuis", "2024-05-02", "TC-002", "A"),
    ("cleo.marchetti@example.com", "Cleo", "Marchetti", "2024-06-21", "TC-003", "B"),
    ("dov.lindgren@example.com", "Dov", "Lindgren", "21/06/2024", "TC-004", "B"),
    ("esme.fairweather@example.com", "Esme", "Fairweather", "2025-01-15", "TC-005", "C"),
    ("", "Finn", "Nameless", "2025-02-01", "", "C"),
)
_LATER: Final = (
    ("gus.holloway@example.com", "Gus", "Holloway", "2025-03-02", "TC-006", "A"),
    ("hana.brandt@example.com", "Hana", "Brandt", "2025-03-09", "TC-007", "not an address"),
    ("ida at example", "Ida", "Croft", "2025-04-01", "TC-008", "B"),
)
_NOTES: Final = "Asked for the spring catalogue"


def import_demo_files(organization: Organization) -> int:
    """Import two files as a member of staff does, and check a third; the number of files.

    Does nothing if there are imports already, of an older edition or of a user. Call it in a transaction.
    """
    if ImportRun.objects.exists() or UploadedFile.objects.exists():
        return 0
    by = staff_actor(StaffMember.objects.get(organization=organization, username=IMPORTER), organization)
    _import(_checked("customers", "taken-over-club.csv", [_MEMBERS, *_TAKEN_OVER], by=by), by=by)
    emails = Identifier.objects.filter(kind=Identifier.Kind.EMAIL, state=Identifier.State.CURRENT).order_by("pk")
    notes = [(email, _NOTES) for email in emails.values_list("value", flat=True)[:5]]
    _import(_checked("notes", "catalogue-requests.csv", [("email", "Comment"), *notes], by=by), by=by)
    _checked("customers", "taken-over-club-part-2.csv", [_MEMBERS, *_LATER], by=by)
    return 3


def _checked(slug: str, filename: str, rows: Sequence[Sequence[str]], *, by: Actor) -> UploadedFile:
    """A file that was uploaded, with the columns that were guessed, and checked."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    uploaded = store_upload(io.BytesIO(text.getvalue().encode()), filename=filename, kind=import_kinds()[slug], by=by)
    choose_columns(uploaded.pk, uploaded.mapped, options={"on_existing": "update"}, by=by)
    check_file(uploaded.pk, organization=by.organization)
    return uploaded


def _import(uploaded: UploadedFile, *, by: Actor) -> None:
    start_import(uploaded.pk, by=by)
    import_file(uploaded.pk, organization=by.organization)
