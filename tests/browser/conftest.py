"""The demo, served; Chromium; and the desk of a member of staff."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, StorageState, expect, sync_playwright
from pytest_django import DjangoDbBlocker

from demo.customers import FEWEST
from demo.loading import load_demo
from loyalty_project.serving import Address
from tests.browser.desk import Desk, Screen
from tests.killing import served
from tests.sessions import end_other_sessions

# Playwright's event loop runs in the thread of the tests, which do not wait for the database in it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
_BROWSER = os.environ.get("CHROMIUM", "chromium")
# Milliseconds: a busy machine takes its time.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def address(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Address]:
    """The address of a server of the demo."""
    with django_db_blocker.unblock():
        list(load_demo(FEWEST))
        with served(workers=2) as server:
            yield server.address
        end_other_sessions()


@pytest.fixture(scope="session")
def browser(address: Address) -> Iterator[Browser]:
    # Root has no sandbox.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=_BROWSER, args=arguments) as browser:
        yield browser


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """The cookies of who has logged in, by user name: a log-in costs a page load and a slow hash."""
    return {}


@pytest.fixture
def sit(browser: Browser, address: Address, sessions: dict[str, StorageState]) -> Iterator[Callable[..., Desk]]:
    """Open the back office as a member of staff: `sit("maya")`, on a screen."""
    desks: list[Desk] = []

    def open_desk(username: str, screen: Screen = Screen.DESKTOP, *, dark: bool = False) -> Desk:
        desk = Desk.open(browser, address, username, sessions, screen=screen, dark=dark)
        desks.append(desk)
        return desk

    yield open_desk
    for desk in desks:
        desk.close()
        assert desk.problems == []
