"""Style of names and words (docs/architecture.md, Tests): what the linters do not check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (
    "customers", "demo", "docs", "engagement", "loyalty_project", "organizations", "referrals", "scripts", "static",
    "subscriptions", "templates", "tests", "tickets", "use_cases", "webhooks",
)  # fmt: skip
LONGEST_NAME = 70
# Words that plainer ones replace.
REPLACED = re.compile(r"\b(whom|whoever|whomever|somebody|told|tells?)\b", re.IGNORECASE)
# No variable or function is named after its thing by these.
NAMELESS = {"one", "there"}


def sources() -> Iterator[Path]:
    """Code, documents and templates, without migrations and this file."""
    for path in [*ROOT.iterdir(), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]:
        if path.suffix in {".py", ".md", ".html"} and "migrations" not in path.parts and path != Path(__file__):
            yield path


def test_replaced_words_stay_out() -> None:
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if REPLACED.search(line)
    ]
    assert lines == []


def test_variables_and_functions_are_named_after_their_thing() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Name) and node.id in NAMELESS)
        or (isinstance(node, ast.arg) and node.arg in NAMELESS)
        or (isinstance(node, ast.FunctionDef) and node.name in NAMELESS)
    ]
    assert found == []


def test_names_of_tests_are_short() -> None:
    names = [
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert len(names) > 1000
    assert [name for name in names if len(name) > LONGEST_NAME] == []
