"""Problems of an organization file, each with its YAML path, collected and raised together."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem. `path` is like `stores[2].tills[0].code`; empty: the file as a whole."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class OrganizationFileError(ValueError):
    """The file cannot be loaded, and nothing was changed. `problems` is in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class Problems(list[Problem]):
    """Collector of problems while a document is checked."""

    def add(self, path: str, message: str) -> None:
        """Add a problem and go on."""
        self.append(Problem(path, message))

    def raise_if_any(self) -> None:
        """Raise `OrganizationFileError` if there are problems."""
        if self:
            raise OrganizationFileError(self)


def below(path: str, key: str) -> str:
    """The path of a key of the mapping at `path`."""
    return f"{path}.{key}" if path else key
