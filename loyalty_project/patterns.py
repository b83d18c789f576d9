"""Regular expressions that tenants write, matched in linear time by RE2.

No pattern can hold a process: RE2 refuses what would need backtracking (look-around, back-references), and patterns that become
too large. Its `\\d`, `\\w` and `\\s` are ASCII; `\\p{L}` and `\\p{Nd}` are letters and digits of all scripts.
"""

from functools import lru_cache

import re2

LENGTH = 500


class PatternError(ValueError):
    """The text is not a regular expression that RE2 can run. The message is a sentence with the reason."""


def check_pattern(pattern: str) -> None:
    """Check that the pattern can be run. Raises `PatternError`."""
    if len(pattern) > LENGTH:
        raise PatternError(f"must be text of at most {LENGTH} characters")
    try:
        _compiled(pattern)
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(f"must be a regular expression of RE2 syntax: {reason}") from None


def matches_whole(pattern: str, text: str) -> bool:
    """True if the checked pattern matches the whole text."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> "re2._Regexp":
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)
