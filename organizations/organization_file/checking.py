"""Checks of an organization file: from bytes to a document with every default filled in and every secret resolved."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from organizations.credentials.strength import weakness
from organizations.organization_file.problems import OrganizationFileError, Problem, Problems
from organizations.organization_file.reading import read_document
from organizations.organization_file.sections import Document, Section, document_schema


def check_document(content: bytes, *, sections: Sequence[Section], environment: Mapping[str, str]) -> Document:
    """The document in `content` (YAML 1.2), with the secrets that it leaves to environment variables.

    Raises `OrganizationFileError` with every problem. What only the database can decide is left to `loading`.
    """
    return check_values(read_document(content), sections=sections, environment=environment)


def check_values(value: Any, *, sections: Sequence[Section], environment: Mapping[str, str]) -> Document:
    """The same for values that were read already (`reading.read_document`)."""
    if value is None:
        raise OrganizationFileError([Problem("", "the file is empty")])
    problems = Problems()
    document: dict[str, Any] = document_schema(sections).read(value, "", problems)
    problems.raise_if_any()
    for section in sections:
        section.check(document, problems)
    for section in sections:
        _resolve_secrets(section, document, environment, problems)
    problems.raise_if_any()
    return document


def _resolve_secrets(section: Section, document: Document, environment: Mapping[str, str], problems: Problems) -> None:
    for secret in section.secrets(document):
        variable = secret.row[f"{secret.key}_env"]
        path = f"{secret.path}.{secret.key}"
        if variable is not None:
            value = environment.get(variable)
            secret.row[secret.key] = value
            path += "_env"
            if not value:
                state = "empty" if value == "" else "not set"
                problems.add(path, f"the environment variable {variable} is {state}")
                continue
        # Secrets of development need not be strong.
        reason = weakness(secret.row[secret.key]) if settings.PRODUCTION and secret.row[secret.key] is not None else ""
        if reason:
            problems.add(path, f"the {secret.key} {reason}")
