"""Files of imports in the data folder: uploaded ones until they are imported, and those of rejected rows.

A folder for each organization, for the server's user alone. Every machine that serves the back office or runs a worker needs
the same data folder.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from loyalty_project.private_files import replaced_file
from organizations.imports.models import ImportRun, UploadedFile

_FOLDER_MODE: Final = 0o700
_REJECTED: Final = "-rejected.csv"


def incoming_folder() -> Path:
    """The folder of files that are arriving, made if it is missing."""
    return _made(_root() / "incoming")


def uploaded_path(uploaded: UploadedFile) -> Path:
    """The file as it was uploaded, unpacked."""
    return _folder(uploaded.organization_id) / f"file-{uploaded.pk}.csv"


def preview_path(uploaded: UploadedFile) -> Path:
    """The rows that the preview rejected."""
    return _folder(uploaded.organization_id) / f"file-{uploaded.pk}{_REJECTED}"


def paths_of(uploaded: UploadedFile) -> list[Path]:
    """All that lies in the data folder about an uploaded file, or may."""
    return [uploaded_path(uploaded), preview_path(uploaded), _progress_path(uploaded)]


def rejected_path(run: ImportRun) -> Path:
    """The rows that a run of the back office rejected."""
    return _folder(run.organization_id) / f"run-{run.pk}{_REJECTED}"


def files_of(organization_id: int) -> list[Path]:
    """All CSV files of an organization that lie in the data folder."""
    return sorted(_folder(organization_id).glob("*.csv"))


def is_upload(path: Path) -> bool:
    """True for a file as it was uploaded, False for one of rejected rows."""
    return not path.name.endswith(_REJECTED)


def remove_files(*paths: Path) -> None:
    """Remove these files, if they are there."""
    for path in paths:
        path.unlink(missing_ok=True)


def remove_old_rejected(organization_id: int, *, before: datetime) -> None:
    """Remove files of rejected rows of runs that were written before this moment."""
    _remove_old(_folder(organization_id).glob(f"run-*{_REJECTED}"), before)


def remove_left_files(organization_id: int, *, but: Collection[Path], before: datetime) -> None:
    """Remove what interrupted uploads and checks have left, written before this moment; the files `but` are kept."""
    _remove_old((path for path in _folder(organization_id).glob("file-*") if path not in but), before)
    _remove_old(incoming_folder().glob("*.part"), before)


def _remove_old(paths: Iterable[Path], before: datetime) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def write_progress(uploaded: UploadedFile, progress: Mapping[str, Any]) -> None:
    """Keep how far a preview is. Its transaction is rolled back, so that this is in a file."""
    with replaced_file(_progress_path(uploaded)) as file:
        file.write(json.dumps(dict(progress)).encode())


def read_progress(uploaded: UploadedFile) -> dict[str, Any]:
    """How far a preview is; empty before its first batch."""
    with suppress(OSError, ValueError):
        read: dict[str, Any] = json.loads(_progress_path(uploaded).read_bytes())
        return read
    return {}


def remove_progress(uploaded: UploadedFile) -> None:
    """Forget how far a preview was."""
    remove_files(_progress_path(uploaded))


def _progress_path(uploaded: UploadedFile) -> Path:
    return _folder(uploaded.organization_id) / f"file-{uploaded.pk}.json"


def _folder(organization_id: int) -> Path:
    return _made(_root() / str(organization_id))


def _root() -> Path:
    return Path(settings.IMPORT_FILES_DIR)


def _made(folder: Path) -> Path:
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    return folder
