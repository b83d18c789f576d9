"""Does the lock still say what pyproject.toml asks for?

Reads files only: a newer release somewhere is no failure. `make lock` mends whatever is found.
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
    """Read a compiled requirements file: its pins by name, and complaints about lines that have no place in it."""
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
    """Complain about everything asked for that is not pinned so, and about direct pins that nobody asks for."""
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
    """Everything that is wrong with the lock of the project in `root`, a sentence each."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    runtime = project["project"]["dependencies"]
    complaints = []
    found = {}
    everything = runtime + project["dependency-groups"]["dev"]
    for name, asked in [("requirements.txt", runtime), ("requirements-dev.txt", everything)]:
        found[name], unreadable = read_lock((root / name).read_text())
        complaints += [f"{name}: {complaint}" for complaint in unreadable + compare(asked, found[name])]
    for name, pin in found["requirements.txt"].items():
        other = found["requirements-dev.txt"].get(name)
        if other is None or other.version != pin.version:
            complaints.append(f"requirements-dev.txt: {name} is not pinned to {pin.version} as in requirements.txt")
    return complaints


def main() -> int:
    """Print what is wrong; 1 when something is."""
    complaints = check(Path(__file__).resolve().parent.parent)
    for complaint in complaints:
        sys.stderr.write(f"{complaint}\n")
    if complaints:
        sys.stderr.write("The lock is out of step with pyproject.toml: run `make lock`.\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
