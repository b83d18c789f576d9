"""All documents: links, paths and commands in them exist."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

ROOT = Path(settings.BASE_DIR)
# Not response_codes.md: it is generated, and the whole suite checks it.
WRITTEN = sorted({*(ROOT / "docs").glob("*.md")} - {ROOT / "docs" / "response_codes.md"})
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *WRITTEN]
SOURCES = [path for path in ROOT.glob("*/**/*.py") if path.relative_to(ROOT).parts[0] not in {".venv", ".uv", "var"}]
# A file in a folder; not the end of an address or of an absolute path.
PATH = re.compile(r"(?<![\w./:~-])((?:[\w-]+/)+[\w-]+\.(?:py|md|html|yaml|toml|txt|png))\b")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def code_of(document: Path) -> list[str]:
    """The parts of a document that are printed as code."""
    return CODE.findall(document.read_text(encoding="utf-8"))


def anchor_of(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@each_document
def test_files_exist(document):
    paths = {path for code in code_of(document) for path in PATH.findall(code)}
    assert {path for path in paths if not (ROOT / path).exists()} == set()


@each_document
def test_links_lead_to_a_file_and_a_heading(document):
    text = document.read_text(encoding="utf-8")
    for target, anchor in LINK.findall(text):
        file = document.parent / target if target else document
        assert file.exists(), target
        if anchor:
            assert anchor in map(anchor_of, HEADING.findall(file.read_text(encoding="utf-8"))), anchor


@each_document
def test_management_commands_exist(document):
    commands = {name for code in code_of(document) for name in re.findall(r"manage\.py ([a-z_]+)", code)}
    assert commands - {*get_commands()} == set()


@each_document
def test_make_targets_exist(document):
    targets = {name for code in code_of(document) for name in re.findall(r"(?:^|`)make ([a-z-]+)", code, re.MULTILINE)}
    assert targets - set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)) == set()


def test_sections_of_the_protocol_that_code_cites_exist():
    protocol = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^#+ (\d+(?:\.\d+)?)\b", protocol, re.MULTILINE))
    for path in SOURCES:
        cited = set(re.findall(r"docs/protocol\.md (\d+(?:\.\d+)?)", path.read_text(encoding="utf-8")))
        assert cited <= sections, path
