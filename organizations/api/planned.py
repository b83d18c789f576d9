"""Descriptions of the tills' calls that this version does not have (docs/protocol.md 1.1)."""

from collections.abc import Mapping
from typing import Final

from loyalty_project.openapi.operations import Operation

_SUMMARIES: Final[Mapping[str, str]] = {
    "points/isredeemable": "Ask if points can be redeemed",
    "points/validationcode": "Send a one-time code",
    "points/redeem": "Redeem points",
    "points/reverse": "Reverse a redemption of points",
}


def planned_operation(address: str, _method: str) -> Operation:
    """The description of an action that is routed and refused. Raises KeyError for one without."""
    return Operation(section="1.1", summary=_SUMMARIES[address])
