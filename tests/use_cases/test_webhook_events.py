"""The kinds of webhook events: composed of those of all apps, and documented."""

import re
from pathlib import Path

from django.conf import settings

from use_cases.webhook_events import EVENT_KINDS
from webhooks.endpoints.models import Endpoint
from webhooks.events.kinds import TEST
from webhooks.events.models import Event

DOCUMENT = (Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_every_kind_is_documented() -> None:
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", DOCUMENT, re.MULTILINE)) == {*EVENT_KINDS, TEST.name}


def test_names_fit_their_columns() -> None:
    longest = min(Event._meta.get_field("kind").max_length or 0, Endpoint._meta.get_field("events").base_field.max_length)
    assert all(re.fullmatch(r"[a-z]+\.[a-z_]+", name) and len(name) <= longest for name in EVENT_KINDS)
    assert TEST.name not in EVENT_KINDS
