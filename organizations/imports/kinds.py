"""Kinds of files that can be imported: every import command, found by its name, with the columns that its files may have."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.core.management import get_commands, load_command_class

from loyalty_project.imports.columns import ColumnsError, FileColumns
from organizations.audit.actors import Actor
from organizations.imports.command import ImportCommand

IMPORT_PERMISSION: Final = "organizations.import_files"
POINTS_PERMISSION: Final = "organizations.import_points"
_PREFIX: Final = "import_"


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of file: the command that imports it."""

    command: ImportCommand

    @property
    def name(self) -> str:
        """The command's name."""
        return self.command.name

    @property
    def slug(self) -> str:
        """The name in addresses and of sample files: `line-items`."""
        return self.name.removeprefix(_PREFIX).replace("_", "-")

    @property
    def title(self) -> str:
        """The name for users: "Line items"."""
        return kind_title(self.name)

    @property
    def permission(self) -> str:
        """The permission that staff need for files of this kind, besides `IMPORT_PERMISSION`."""
        return POINTS_PERMISSION if self.command.moves_points else IMPORT_PERMISSION

    @property
    def knows_existing(self) -> bool:
        """True if the import asks what to do with records that exist already (`--on-existing`)."""
        return "on_existing" in self.command.options_that_matter({"on_existing": "on_existing"})

    def options_that_matter(self, options: Mapping[str, Any]) -> str:
        """See `ImportCommand.options_that_matter`."""
        return self.command.options_that_matter(options)


def kind_title(command: str) -> str:
    """The name of a command's files for users: "Line items"."""
    return command.removeprefix(_PREFIX).replace("_", " ").capitalize()


@cache
def import_kinds() -> Mapping[str, ImportKind]:
    """All kinds by slug, in the order of their titles. A new command is among them without further ado."""
    names = {name: app for name, app in get_commands().items() if name.startswith(_PREFIX) and isinstance(app, str)}
    commands = (load_command_class(app, name) for name, app in sorted(names.items()))
    kinds = [ImportKind(command) for command in commands if isinstance(command, ImportCommand)]
    return {kind.slug: kind for kind in kinds}


def kind_of(command: str) -> ImportKind | None:
    """The kind that a command imports; None if there is no such command any more."""
    return next((kind for kind in import_kinds().values() if kind.name == command), None)


def kinds_for(by: Actor) -> list[ImportKind]:
    """The kinds of files that the actor may import."""
    return [kind for kind in import_kinds().values() if may_import(kind, by)]


def may_import(kind: ImportKind, by: Actor) -> bool:
    """True if the actor may import files of this kind: a file may name any store, so that a limit to stores excludes it."""
    is_limited = by.reach is not None and bool(by.reach.stores)
    return not is_limited and by.may(IMPORT_PERMISSION) and by.may(kind.permission)


def columns_of(kind: ImportKind, by: Actor) -> FileColumns:
    """The columns that files of this kind may have now, which the command names when it refuses a file without any.

    Call it in the organization's scope.
    """
    try:
        kind.command.open_worker([], by=by, options={"on_existing": "update"})
    except ColumnsError as error:
        if error.expected is not None:
            return error.expected
    raise LookupError(f"{kind.name} does not say which columns its files have")
