import pytest

from loyalty_project.api.addresses import is_api, is_other_version


@pytest.mark.parametrize(
    "path",
    [
        "/v1.1",
        "/v1.1/",
        "/1.1/customer/get",
        "/api/v1.1/customer/get.xml",
        "/api/1.1",
        "//v1.1/x",
        "/v3/oauth/token/generate",
        "/v2",
    ],
)
def test_paths_of_the_api_are_known(path: str) -> None:
    assert is_api(path)


@pytest.mark.parametrize("path", ["", "/", "/admin/", "/healthz", "/v1.10/x", "/v1.1x", "/api", "/api/v2/x", "/static/v1.1/x"])
def test_other_paths_are_pages(path: str) -> None:
    assert not is_api(path)


@pytest.mark.parametrize(("path", "is_other"), [("/v2/x", True), ("/v3", True), ("/v1.1/v2", False), ("/api/v1.1", False)])
def test_other_versions_are_known(path: str, is_other: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert is_other_version(path) is is_other
