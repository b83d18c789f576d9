"""Invented people of a trading day: names, addresses at example.com, and phone numbers that are kept free for fiction."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

# Area codes that the demo's own customers do not have; each keeps 555-0100 to 555-0199 free.
_AREAS: Final = (
    *("201", "202", "203", "205", "208", "209", "210", "213", "214", "215", "216", "217", "218", "219", "224", "225"),
    *("301", "302", "303", "304", "305", "307", "308", "309", "310", "312", "313", "314", "315", "316", "317", "318"),
    *("401", "402", "404", "405", "406", "407", "408", "409", "410", "412"),
)
NUMBERS: Final = tuple(f"1{area}55501{number:02}" for area in _AREAS for number in range(100))
_FIRST: Final = (
    "Ada", "Basil", "Cora", "Dunstan", "Effie", "Fergus", "Greta", "Hollis", "Iona", "Jasper", "Keir", "Lottie", "Magnus",
    "Nell", "Orla", "Percy", "Quill", "Rosa",
)  # fmt: skip
_LAST: Final = (
    "Anchor", "Bramble", "Cutter", "Dory", "Eddy", "Fathom", "Gale", "Harbor", "Inlet", "Jetty", "Keel", "Lantern", "Mast",
    "Narrows", "Oar", "Pilot", "Quay",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One invented person. `mobile` may be a customer's number of an earlier day."""

    firstname: str
    lastname: str
    email: str
    external_id: str
    mobile: str

    def identifiers(self, *, with_mobile: bool) -> dict[str, Any]:
        """What a till asks a new customer for."""
        fields = {"firstname": self.firstname, "lastname": self.lastname, "email": self.email, "external_id": self.external_id}
        return {**fields, "mobile": self.mobile} if with_mobile else fields


def invent_person(random: Random, *, run: str, number: int) -> Person:
    """The `number`th person of a run; equal numbers of other runs are other people."""
    first, last = random.choice(_FIRST), random.choice(_LAST)
    name = f"sim-{run}-{number}"
    begin = Random(run).randrange(len(NUMBERS))  # noqa: S311 - repeatable on purpose
    return Person(
        firstname=first,
        lastname=last,
        email=f"{first}.{last}.{name}@example.com".lower(),
        external_id=name.upper(),
        mobile=NUMBERS[(begin + number) % len(NUMBERS)] if number < len(NUMBERS) else "",
    )
