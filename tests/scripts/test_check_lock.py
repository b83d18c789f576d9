"""Does the lock check see every way in which the lock can leave pyproject.toml behind?"""

import re
import shutil
from pathlib import Path

import pytest

from scripts.check_lock import check

ROOT = Path(__file__).resolve().parents[2]
FILES = ["pyproject.toml", "requirements.txt", "requirements-dev.txt"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def edit(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def test_the_lock_of_this_project_is_in_step() -> None:
    assert check(ROOT) == []


@pytest.mark.parametrize(
    ("pattern", "replacement", "complaint"),
    [
        (r'"django>=5\.2,<5\.3"', '"django>=5.3"', r"requirements.txt: django>=5\.3 is asked for, 5\.2\.\d+ .* is in the lock"),
        (r'"orjson"', '"orjson", "unheard-of"', "requirements.txt: unheard-of is not in the lock"),
        (r'"orjson"', '"orjson[fast]"', r"requirements.txt: orjson\[fast\] is asked for"),
        (r'    "orjson",\n', "", "requirements.txt: orjson is not asked for"),
        (r'    "pytest-xdist",\n', "", "requirements-dev.txt: pytest-xdist is not asked for"),
    ],
)
def test_a_changed_request_is_detected(copy: Path, pattern: str, replacement: str, complaint: str) -> None:
    edit(copy / "pyproject.toml", pattern, replacement)
    assert re.match(complaint, check(copy)[0])


@pytest.mark.parametrize("name", ["Orjson", "OrJSON"])
def test_spelling_of_a_name_does_not_matter(copy: Path, name: str) -> None:
    edit(copy / "pyproject.toml", '"orjson"', f'"{name}"')
    assert check(copy) == []


@pytest.mark.parametrize(
    ("pattern", "replacement", "complaint"),
    [
        (r"^", "--index-url https://mirror.example.com/simple\n", "neither a pin nor a hash: --index-url"),
        (r"\norjson==[^ ]+ ", "\norjson>=3 ", "neither a pin nor a hash: orjson>=3"),
        (r"\norjson==[^ ]+ ", "\norjson @ https://mirror.example.com/orjson.whl ", "neither a pin nor a hash: orjson @"),
        (r"(\norjson==[^ ]+ \\)(\n    --hash=.*)+", r"\1", "orjson has no hash"),
    ],
)
def test_a_line_that_does_not_pin_by_hash_is_found(copy: Path, pattern: str, replacement: str, complaint: str) -> None:
    edit(copy / "requirements.txt", pattern, replacement)
    assert check(copy)[0].startswith(f"requirements.txt: {complaint}")


def test_two_files_with_different_pins_are_found(copy: Path) -> None:
    edit(copy / "requirements-dev.txt", r"\norjson==[^ ]+ ", "\norjson==1.0 ")
    (complaint,) = check(copy)
    assert complaint.startswith("requirements-dev.txt: orjson is not pinned to 3.")
