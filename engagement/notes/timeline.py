"""Notes about a customer: the latest on the customer's page, and all of them as rows of its timeline."""

from typing import Final

from django.utils.translation import gettext

from customers.profile.models import Customer
from engagement.notes.models import Note
from organizations.back_office.history import actor_label
from organizations.back_office.pages import page_of
from organizations.back_office.timeline import TimelineRow, TimelineSlice
from organizations.staff.sight import shown_value

LATEST: Final = 3


def latest_notes(customer: Customer) -> list[Note]:
    """The three latest notes, newest first. One query."""
    return list(Note.objects.filter(customer=customer).order_by("-noted_at", "-pk")[:LATEST])


def notes_timeline(customer: Customer, part: TimelineSlice) -> list[TimelineRow]:
    """The notes by their stated date. One query."""
    return [_row(note, part) for note in part.newest(Note.objects.filter(customer=customer), "noted_at")]


def _row(note: Note, part: TimelineSlice) -> TimelineRow:
    text = shown_value(note.description, customer_id=note.customer_id)
    facts = [(gettext("Note"), text), (gettext("By"), actor_label(note.made_by))]
    return TimelineRow(
        key=part.key(note.noted_at, note.pk),
        icon="sticky_note_2",
        title=gettext("Note"),
        note=text,
        facts=[*facts, (gettext("Associate"), note.associate_id)] if note.associate_id else facts,
        link=page_of(note),
    )
