"""Style of names and words (docs/architecture.md, Tests): what the linters do not check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = (
    "customers", "demo", "docs", "engagement", "loyalty_project", "organizations", "referrals", "scripts", "static",
    "subscriptions", "templates", "tests", "use_cases",
)  # fmt: skip
LONGEST_NAME = 70
# Words that plainer ones replace, and variables that are not named after the thing.
REPLACED = re.compile(r"\b(whom|whoever|whomever|somebody|told|tells?)\b|\bfor (one|there) in\b", re.IGNORECASE)


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


def test_names_of_tests_are_short() -> None:
    names = [
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert len(names) > 1000
    assert [name for name in names if len(name) > LONGEST_NAME] == []
