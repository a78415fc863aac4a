"""The web page in Chromium or Firefox: a browser for a module, somebody logged in.

Whatever the page complains of is kept: errors and warnings of its console, uncaught
errors, boxes that pop up, and everything its Content-Security-Policy had to stop.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import (
    Browser,
    Dialog,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.live_server import LiveServer
from tests.programs import complain, require_program

_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_CALM: Final[dict[str, str | float | bool]] = {
    # The list of downloads would take the focus from the page.
    "browser.download.alwaysOpenPanel": False,
}
_PATIENCE_MS: Final = 40_000
_AXE: Final = Path(__file__).parent / "node/node_modules/axe-core/axe.min.js"
_TELL: Final = """addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP", event.effectiveDirective, event.blockedURI));"""
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}
DESK: Final[ViewportSize] = {"width": 1280, "height": 800}


@dataclass(frozen=True, slots=True)
class Visit:
    """A page and what it complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def expect_refusal(self, status: int) -> None:
        """Chromium tells of every refusal in its console; this one was to come."""
        refusals = [each for each in self.complaints if f"status of {status}" in each]
        assert refusals
        self.complaints[:] = [each for each in self.complaints if each not in refusals]


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that Debian has."""
    program = require_program("chromium")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(_ARGUMENTS)
        )
        yield browser
        browser.close()


@contextmanager
def firefox() -> Iterator[Browser]:
    """The browser that Debian has, driven by WebDriver BiDi."""
    program = require_program("firefox-esr")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.firefox.launch(
            channel="moz-firefox", executable_path=program, firefox_user_prefs=_CALM
        )
        yield browser
        browser.close()


@contextmanager
def visiting(browser: Browser, *, locale: str = "en-GB") -> Iterator[Visit]:
    """A page with cookies and storage of its own."""
    with browser.new_context(locale=locale, accept_downloads=True) as context:
        if browser.browser_type.name == "chromium":
            context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(_TELL)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        visit = Visit(page)
        watch(page, visit.complaints)
        yield visit


def watch(page: Page, complaints: list[str]) -> None:
    """Keep what a page complains of."""
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if message.type in {"error", "warning"}
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: _answer(dialog, complaints))


def _answer(dialog: Dialog, complaints: list[str]) -> None:
    """Leave a page that warns of what is lost by it; anything else is a complaint."""
    if dialog.type != "beforeunload":
        complaints.append(dialog.message)
    dialog.accept()


def log_in(page: Page, server: LiveServer, user: str = "admin") -> None:
    """Go from the page to the login and back."""
    page.goto(server.url)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(server.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Spaces", exact=True)).to_be_focused()


def go(page: Page, server: LiveServer, fragment: str) -> None:
    """Show a view as it is now, even if it is the one that is shown."""
    page.goto(f"{server.url}/#/{fragment}")
    page.reload()


def find_barriers(page: Page) -> list[str]:
    """What axe-core finds in the page as it stands, in words."""
    if not _AXE.exists():
        complain("axe-core is not installed")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.read_text())
    found: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html']} {json.dumps(node['any'][:1])}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Whether the page is wider than its window."""
    is_wider: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return is_wider
