"""A writer of files for imports"""

from collections.abc import Callable
from pathlib import Path

import pytest

from organizations.tenancy.models import Organization
from tests.imports import write_lines


@pytest.fixture
def write(organization: Organization, tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of lines and gives its path."""

    def write(*lines: str, name: str = "customers.csv") -> Path:
        return write_lines(tmp_path / name, *lines)

    return write
