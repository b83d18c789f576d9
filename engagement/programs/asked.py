"""The program that a read is limited to."""

from collections.abc import Mapping

from customers.profile.reading import Reading
from loyalty_project.protocol.values import read_id


def program_asked(reading: Reading) -> int | None:
    """Id of the program that the call names; None if it names none, or nothing that can be an id."""
    return read_id(reading.query.get("program_id", "")) or None


def program_parameter(reading: Reading) -> Mapping[str, int | None]:
    """The parameter `program` of a section's columns: the program that the call names."""
    return {"program": program_asked(reading)}
