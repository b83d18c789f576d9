"""What does another app show on the page of a row? A panel: a template, and what it is filled with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Panel:
    """Included by the page with `context` under the name `panel`."""

    template: str
    context: Mapping[str, Any]
