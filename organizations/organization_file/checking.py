"""Is a file a right organization document? From bytes to a document with every default filled in and every secret resolved."""

from collections.abc import Iterator, Mapping
from typing import Any

from organizations.organization_file.document import DOCUMENT
from organizations.organization_file.problems import OrganizationFileError, Problem, Problems
from organizations.organization_file.reading import read_document
from organizations.organization_file.references import check_references

Document = Mapping[str, Any]


def check_document(content: bytes, *, environment: Mapping[str, str]) -> Document:
    """The document in `content` (YAML 1.2), with the secrets that it leaves to environment variables.

    Raises `OrganizationFileError` with everything that is wrong; whatever needs the database to be judged is left to `loading`.
    """
    return check_values(read_document(content), environment=environment)


def check_values(value: Any, *, environment: Mapping[str, str]) -> Document:
    """The same for values that were read already, as `reading.read_document` makes them."""
    if value is None:
        raise OrganizationFileError([Problem("", "the file is empty")])
    problems = Problems()
    document: dict[str, Any] = DOCUMENT.read(value, "", problems)
    problems.stop_here()
    check_references(document, problems)
    for path, row, name in _secrets(document):
        variable = row[f"{name}_env"]
        if variable is None:
            continue
        row[name] = environment.get(variable)
        if not row[name]:
            problems.add(
                f"{path}.{name}_env", f"the environment variable {variable} is {'empty' if row[name] == '' else 'not set'}"
            )
    problems.stop_here()
    return document


def _secrets(document: Document) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Path, row and key of every place where a secret may stand."""
    for number, store in enumerate(document["stores"]):
        for position, till in enumerate(store["tills"]):
            yield f"stores[{number}].tills[{position}]", till, "password"
    for number, client in enumerate(document["api_clients"]):
        yield f"api_clients[{number}]", client, "secret"
    for number, member in enumerate(document["staff"]):
        yield f"staff[{number}]", member, "password"
