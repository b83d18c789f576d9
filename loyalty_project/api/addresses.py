"""Addresses of the API: they have their own answers to errors (`error_pages`) and their own middleware (`handler`)."""

from typing import Final

# Other versions of the API answer `{data, errors, warnings}`, in JSON whatever format is asked for.
_OTHER_VERSIONS: Final = frozenset({"v2", "v3"})
_VERSION: Final = frozenset({"v1.1", "1.1"})


def is_api(path: str) -> bool:
    """True for a path of the API, in any version and spelling."""
    first, second = _parts(path)
    return first in _VERSION or first in _OTHER_VERSIONS or (first == "api" and second in _VERSION)


def is_other_version(path: str) -> bool:
    """True for a path of another version than 1.1."""
    return _parts(path)[0] in _OTHER_VERSIONS


def _parts(path: str) -> tuple[str, str]:
    """The first two parts of a path. Slashes at its beginning count once."""
    first, _, rest = path.lstrip("/").partition("/")
    return first, rest.partition("/")[0]
