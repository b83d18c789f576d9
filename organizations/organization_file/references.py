"""References of one section to another: names that must occur elsewhere in the document.

A section's `check` calls these on a document whose sections are right by themselves, defaults filled in.
"""

from collections.abc import Collection
from typing import Any

from organizations.organization_file.problems import Problems
from organizations.organization_file.sections import Document


def codes_of(document: Document, section: str) -> set[str]:
    """The codes of the rows of a section."""
    return {row["code"] for row in document[section]}


def check_name(name: str | None, known: Collection[Any], what: str, path: str, problems: Problems) -> None:
    """Add a problem if `name` is given and not `known`. `what` is the kind of thing that it names."""
    if name and name not in known:
        problems.add(path, f"there is no {what} {name!r}")


def check_names(names: Collection[str], known: Collection[Any], what: str, path: str, problems: Problems) -> None:
    """Add a problem for every one of the list `names` at `path` that is not `known`."""
    for number, name in enumerate(names):
        check_name(name, known, what, f"{path}[{number}]", problems)


def check_numbers(document: Document, section: str, problems: Problems) -> None:
    """Add a problem for every `external_id` of a section that is that of a row before."""
    first: dict[int, str] = {}
    for position, row in enumerate(document[section]):
        number, path = row["external_id"], f"{section}[{position}]"
        if number is not None and first.setdefault(number, path) != path:
            problems.add(f"{path}.external_id", f"is that of {first[number]}")


def check_single_default(rows: Collection[dict[str, Any]], section: str, sentence: str, problems: Problems) -> None:
    """Add a problem for every default row of a section but the first; `sentence` has a place for the first one's path."""
    defaults = [number for number, row in enumerate(rows) if row["default"]]
    for number in defaults[1:]:
        problems.add(f"{section}[{number}].default", sentence.format(f"{section}[{defaults[0]}]"))
