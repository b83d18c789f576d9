"""A spoilt organization file, for tests of its rules"""

from tests.factories.organization_files import problems_of, spoil, whole


def check_spoilt(path: str, value: object, where: str, message: str) -> None:
    """The value at the path is the only problem: at that path, at the one below it that `where` names, or (=) at another."""
    document = whole()
    spoil(document, path, value)
    expected = where[1:] if where.startswith("=") else f"{path}.{where}" if where else path
    assert problems_of(document, {"EMPTY": ""}) == {expected: message}
