"""The desk of a member of staff: a browser window in which they are logged in, and what went wrong in it."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, Page, Request, Response, StorageState

from loyalty_project.serving import Address

# The passwords of demo/harbour.yaml.
PASSWORD: Final = "harbour-{}-demo"


class Screen(Enum):
    """Width and height of a window, in CSS pixels."""

    DESKTOP = (1280, 800)
    PHONE = (390, 844)


@dataclass
class Desk:
    """A window. `loads` counts the pages that it loaded since it was opened or `loads` was set.

    `problems` are messages of scripts and of the content policy, requests to other hosts, and answers with 5xx.
    """

    page: Page
    context: BrowserContext
    url: str
    loads: int = 0
    problems: list[str] = field(default_factory=list)

    @classmethod
    def open(
        cls, browser: Browser, address: Address, username: str, sessions: dict[str, StorageState], *, screen: Screen, dark: bool
    ) -> "Desk":
        """Log in, unless `sessions` has the cookies of an earlier log-in."""
        width, height = screen.value
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            storage_state=sessions.get(username),
            is_mobile=screen is Screen.PHONE,
            has_touch=screen is Screen.PHONE,
        )
        desk = cls(page=context.new_page(), context=context, url=address.url)
        desk._watch()
        if username not in sessions:
            desk.go("/admin/login/")
            desk.page.get_by_label("Username").fill(username)
            desk.page.get_by_label("Password").fill(PASSWORD.format(username))
            desk.page.get_by_role("button", name="Log in").click()
            desk.page.wait_for_url(f"{desk.url}/admin/")
            sessions[username] = context.storage_state()
        desk.loads = 0
        return desk

    def go(self, path: str) -> None:
        """Open an address of the back office."""
        self.page.goto(f"{self.url}{path}")

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    def _watch(self) -> None:
        self.page.on("framenavigated", self._navigated)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.problems.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._requested)
        self.page.on("response", self._answered)

    def _navigated(self, frame: Frame) -> None:
        self.loads += frame == self.page.main_frame

    def _said(self, message: ConsoleMessage) -> None:
        # Answers like 404 are said as well, and are none of a script.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.problems.append(f"{self.page.url}: {message.text}")

    def _requested(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "data:", "blob:")):
            self.problems.append(f"{self.page.url}: asked for {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} of {response.url}")


def violations(page: Page, axe: Any) -> list[str]:
    """Rules that axe-core finds broken on the page, serious or critical ones, each with its first elements."""
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: " + " | ".join(" ".join(node["target"]) for node in rule["nodes"][:3])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]
