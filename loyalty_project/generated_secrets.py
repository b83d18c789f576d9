"""Secrets that are not configured: generated once, in a file of the data folder that only its owner can read."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def generated_secret(path: Path) -> str:
    """The secret at `path`, created on first use (mode 0600). Processes that start at the same time get the same value."""
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(get_random_secret_key())
    try:
        # Creating a link is atomic, and fails for all processes but the first.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii")
