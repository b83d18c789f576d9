"""A panel that another app shows on the page of a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Panel:
    """Included by the page with `context` under the name `panel`."""

    template: str
    context: Mapping[str, Any]
