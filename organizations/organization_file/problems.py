"""What is wrong with an organization file? Every problem with the YAML path where it stands, all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `path` is like `stores[2].tills[0].code`; empty: the file as a whole."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class OrganizationFileError(ValueError):
    """The file cannot be loaded, and nothing was changed. `problems` says why, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class Problems(list[Problem]):
    """Collects what is wrong while a document is looked at."""

    def add(self, path: str, message: str) -> None:
        """Note a problem and go on."""
        self.append(Problem(path, message))

    def stop_here(self) -> None:
        """Raise `OrganizationFileError` if anything was noted."""
        if self:
            raise OrganizationFileError(self)


def below(path: str, key: str) -> str:
    """The path of a key of the mapping at `path`."""
    return f"{path}.{key}" if path else key
