"""Custom fields that a till sends with a redemption (docs/protocol.md, tills' part 4.3, 5.2)."""

from collections.abc import Mapping, Sequence


def usable_fields(fields: Sequence[Mapping[str, str]], *, longest_name: int, longest_value: int) -> list[dict[str, str]]:
    """The fields that can be kept: with a name and a value of at most so many characters. The others are left out."""
    pairs = [(sent.get("name", "").strip(), sent.get("value", "").strip()) for sent in fields]
    return [
        {"name": name, "value": value}
        for name, value in pairs
        if name and value and len(name) <= longest_name and len(value) <= longest_value
    ]
