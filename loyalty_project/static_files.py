"""Static files: collected in STATIC_ROOT under names with a hash, for browsers to keep for a year, and compressed once.

`manage.py serve`, `demo` and `collectstatic` collect them. Files that are not collected, or have changed since, are served from
their folders under their plain names, for a minute.
"""

import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

log = structlog.get_logger(__name__)

# Digest of the sources of the collected files.
_STAMP: Final = "sources.sha256"
# Of no page of the back office: the pages of the API's documentation, and pages of REST framework that are not served.
NOT_OF_BACK_OFFICE: Final = ("drf_spectacular_sidecar", "rest_framework", "xregexp")


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Names with a hash, for the files that were collected from the present sources."""

    def load_manifest(self) -> tuple[dict[str, str], str]:
        """The names with a hash by the plain ones, and their digest; none of them if sources have changed."""
        return super().load_manifest() if is_collected() else ({}, "")

    def stored_name(self, name: str) -> str:
        """The name with the hash; the plain name of a file that is not collected."""
        return str(self.hashed_files.get(self.hash_key(name), name))

    def post_process(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Hash and compress the files; then remember their sources."""
        yield from super().post_process(*args, **options)
        if not options.get("dry_run"):
            _stamp().write_text(_digest(), encoding="ascii")


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise has no types
    """Serve the files: those with a hash for a year, the others for a minute."""

    FOREVER = 365 * 24 * 3600

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Look for files in the folder, if it exists."""
        if Path(root).is_dir():
            super().add_files(root, prefix)


def collect_static_files(*, without: Sequence[str] = ()) -> None:
    """Collect the files, unless they are; `without` are patterns of names to leave out.

    A folder that cannot be written is a warning in the log. Processes that start at the same time wait for each other.
    """
    try:
        root = Path(settings.STATIC_ROOT)
        if is_collected():
            return
        root.mkdir(parents=True, exist_ok=True)
        with (root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_collected():
                call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=list(without))
    except OSError as error:
        log.warning("static_files_not_collected", folder=str(settings.STATIC_ROOT), error=error.strerror)


def is_collected() -> bool:
    """True if the collected files are those of the present sources."""
    try:
        return _stamp().read_text(encoding="ascii") == _digest()
    except OSError:
        return False


def _stamp() -> Path:
    return Path(settings.STATIC_ROOT) / _STAMP


def _digest() -> str:
    """Digest of the names, sizes and times of all sources."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
