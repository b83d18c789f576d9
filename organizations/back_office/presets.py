"""Presets: filters of a list that are used often, as links above it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A link to a list with these parameters. `order` names a sortable column, with a minus for descending order."""

    label: str
    query: Mapping[str, str] = field(default_factory=dict)
    order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLink:
    """A preset or saved view as the page shows it. `view_id` is the id of a saved view, which can be removed."""

    label: str
    link: str
    is_current: bool
    view_id: int | None = None
