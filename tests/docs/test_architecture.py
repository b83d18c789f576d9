"""docs/architecture.md: the files and names in it exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
QUESTIONS = DOCUMENT.partition("## Where do I find ...?")[2].partition("\n## ")[0]
# `a/file.py`: `Name`, `other_name`
REFERENCE = re.compile(r"`([\w/.-]+\.py)`: ((?:`\w+`(?:, )?)+)")


def defined_names(path: str) -> Iterator[str]:
    """The names of functions, classes and values that a module defines, not those that it imports."""
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


@pytest.mark.parametrize(("path", "names"), REFERENCE.findall(DOCUMENT))
def test_named_symbols_are_defined_in_their_file(path, names):
    assert set(re.findall(r"`(\w+)`", names)) <= set(defined_names(path))


def test_the_table_answers_25_questions_with_a_file():
    rows = [row for row in QUESTIONS.splitlines() if row.startswith("| ")][1:]
    assert len(rows) == 25
    assert [row for row in rows if not REFERENCE.search(row)] == []
