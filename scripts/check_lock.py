"""Check that the lock files match pyproject.toml.

It reads files only, so a newer release is not a failure. `make lock` corrects the lock files.
"""

import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PIN = re.compile(r"(?P<name>[a-z0-9-]+)(?:\[(?P<extras>[a-z0-9, _-]+)\])?==(?P<version>[^\s;]+)(?: ;[^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
DIRECT = re.compile(r"    #.* [\w-]+ \(pyproject\.toml")


@dataclass
class Pin:
    """One package of a lock file."""

    version: str
    extras: frozenset[str]
    hashed: bool = False
    direct: bool = False


def read_lock(text: str) -> tuple[dict[str, Pin], list[str]]:
    """Read a compiled requirements file: its pins by name, and complaints about other lines."""
    pins: dict[str, Pin] = {}
    complaints = []
    last = Pin(version="", extras=frozenset())
    for line in text.splitlines():
        if pin := PIN.fullmatch(line):
            extras = frozenset((pin["extras"] or "").replace(" ", "").split(",")) - {""}
            last = pins[pin["name"]] = Pin(version=pin["version"], extras=extras)
        elif HASH.fullmatch(line):
            last.hashed = True
        elif not line.lstrip().startswith("#"):
            complaints.append(f"neither a pin nor a hash: {line}")
        elif DIRECT.match(line):
            last.direct = True
    complaints += [f"{name} has no hash" for name, pin in pins.items() if not pin.hashed]
    return pins, complaints


def compare(asked: Iterable[str], pins: dict[str, Pin]) -> list[str]:
    """Complaints about requirements without a matching pin, and about direct pins without a requirement."""
    complaints = []
    requirements = [Requirement(line) for line in asked]
    for wanted in requirements:
        pin = pins.get(canonicalize_name(wanted.name))
        if pin is None:
            complaints.append(f"{wanted} is not in the lock")
        elif not wanted.specifier.contains(pin.version, prereleases=True) or not wanted.extras <= pin.extras:
            complaints.append(f"{wanted} is asked for, {pin.version} with extras {sorted(pin.extras)} is in the lock")
    names = {canonicalize_name(wanted.name) for wanted in requirements}
    complaints += [f"{name} is not asked for" for name, pin in pins.items() if pin.direct and name not in names]
    return complaints


def check(root: Path) -> list[str]:
    """Complaints about the lock files of the project in `root`."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"]
    complaints = []
    locked = {}
    everything = runtime + project["dependency-groups"]["dev"]
    for name, asked in [("requirements.txt", runtime), ("requirements-dev.txt", everything)]:
        locked[name], unreadable = read_lock((root / name).read_text())
        complaints += [f"{name}: {complaint}" for complaint in unreadable + compare(asked, locked[name])]
    for name, pin in locked["requirements.txt"].items():
        other = locked["requirements-dev.txt"].get(name)
        if other is None or other.version != pin.version:
            complaints.append(f"requirements-dev.txt: {name} is not pinned to {pin.version} as in requirements.txt")
    return complaints


def main() -> int:
    """Print the complaints; return the exit status, 1 if there are any."""
    complaints = check(Path(__file__).resolve().parent.parent)
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    if complaints:
        sys.stderr.write("The lock is out of step with pyproject.toml: run `make lock`.\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
