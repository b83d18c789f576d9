"""Why was work refused? The code of an error that a service raised, and how it is told at a desk."""

from collections.abc import Mapping
from typing import Final

from django.db import Error, IntegrityError, OperationalError

from loyalty_project.db.errors import constraint_name, sqlstate
from loyalty_project.protocol.codes import Code, CodeTable, Transport
from loyalty_project.protocol.errors import LoyaltyError

# A lock that is not free, and a world that changed while it was waited for: somebody else is at work.
_AT_WORK: Final = {"55P03", "40001"}


def refusal_of(error: LoyaltyError | Error, constraints: Mapping[str, Code]) -> CodeTable:
    """The code of what was refused, as a till would get it. Raises `error` again where it is a bug or trouble elsewhere."""
    if isinstance(error, LoyaltyError):
        return error.code
    if isinstance(error, OperationalError) and sqlstate(error) in _AT_WORK:
        return Transport.BUSY
    code = constraints.get(constraint_name(error) or "") if isinstance(error, IntegrityError) else None
    if code is None:
        raise error
    return code


def sentence_of(code: CodeTable) -> str:
    """The code's sentence, with the number by which people ask about it."""
    return f"{code.sentence} ({int(code)})"
