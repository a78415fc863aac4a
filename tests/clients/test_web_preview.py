"""Previews on the web page: files are shown, and nothing in them runs."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Frame, Locator, Page, Request, expect

from tests.clients.browser import Visit, go
from tests.clients.samples import EVIL_HTML, EVIL_MARKDOWN, EVIL_SVG, pdf, png, sound
from tests.live_server import LiveServer

pytestmark = pytest.mark.clients


@pytest.fixture
def page(visit: Visit, server: LiveServer) -> Iterator[Page]:
    """The page; it does not complain, asks nobody else, and nothing else ran in it."""
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((server.url, f"blob:{server.url}", "chrome")):
            elsewhere.append(request.url)

    visit.page.on("request", note)
    yield visit.page
    visit.page.remove_listener("request", note)
    assert visit.complaints == []
    assert elsewhere == []
    assert visit.page.evaluate("window.stolen") is None
    assert visit.page.get_by_role("button", name="Sign out").count() == 1


def put(server: LiveServer, name: str, content: bytes | str) -> None:
    """A file of the admin's."""
    with server.api() as api:
        api.put(f"/dav/files/admin/{name}", content=content).raise_for_status()


def show(server: LiveServer, page: Page, name: str) -> Locator:
    """Click on a file; the dialog that shows it."""
    go(page, server, f"s/{server.personal_space()}")
    page.get_by_role("button", name=f"File {name}").click()
    return page.get_by_role("dialog", name=name)


@pytest.mark.parametrize(
    ("name", "content"),
    [("dot.png", png()), ("evil.svg", EVIL_SVG)],
    ids=["png", "svg"],
)
def test_pictures(
    server: LiveServer, page: Page, name: str, content: bytes | str
) -> None:
    """Are shown as pictures, which run no scripts."""
    put(server, name, content)

    picture = show(server, page, name).get_by_role("img", name=name)

    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0


def test_what_is_no_picture(server: LiveServer, page: Page) -> None:
    """HTML under a picture's name is not shown at all."""
    put(server, "fake.png", EVIL_HTML)

    dialog = show(server, page, "fake.png")

    expect(dialog).to_contain_text("This cannot be shown here.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="File fake.png")).to_be_focused()


@pytest.mark.parametrize("name", ["evil.html", "evil.xhtml", "evil.js", "evil.txt"])
def test_text(server: LiveServer, page: Page, name: str) -> None:
    """HTML and scripts are text, to the letter."""
    put(server, name, EVIL_HTML)

    dialog = show(server, page, name)

    expect(dialog.locator("pre")).to_have_text(EVIL_HTML)
    assert dialog.locator("pre *").count() == 0


def test_long_text_is_cut(server: LiveServer, page: Page) -> None:
    """A bounded part of it is fetched, and the page says so."""
    put(server, "long.log", "0123456789abcde\n" * 100_000)

    dialog = show(server, page, "long.log")

    expect(dialog).to_contain_text("This is only the beginning.")
    assert len(dialog.locator("pre").inner_text()) == 512 * 1024


def test_text_that_is_none(server: LiveServer, page: Page) -> None:
    """Binary content is not shown as text, and an empty file is empty."""
    put(server, "binary.txt", bytes(range(256)))
    put(server, "empty.txt", b"")

    expect(show(server, page, "binary.txt")).to_contain_text("This cannot be shown")
    expect(show(server, page, "empty.txt").locator("pre")).to_have_text("")


def test_markdown(server: LiveServer, page: Page) -> None:
    """Looks as meant; its HTML is text, and its links lead to the web or nowhere."""
    put(server, "readme.md", EVIL_MARKDOWN)

    article = show(server, page, "readme.md").locator("article")

    expect(article.get_by_role("heading", name="Read me")).to_be_visible()
    expect(article.get_by_role("cell", name="1", exact=True)).to_be_visible()
    expect(article.locator("strong")).to_have_text("bold")
    links = article.get_by_role("link")
    assert links.evaluate_all("all => all.map(link => [link.href, link.rel])") == [
        ["https://example.org/page", "noopener noreferrer"],
        ["https://example.org/track.png", "noopener noreferrer"],
    ]
    assert article.locator("img, script, form, iframe").count() == 0


@pytest.mark.parametrize(("tag", "name"), [("audio", "a.wav"), ("video", "b.mp4")])
def test_sound_and_film(server: LiveServer, page: Page, tag: str, name: str) -> None:
    """Play as they come; closing the dialog stops them."""
    put(server, name, sound())

    player = show(server, page, name).locator(tag)

    expect(player).to_have_js_property("duration", 2)
    handle = player.element_handle()
    handle.evaluate(
        """player => {
            window.emptied = new Promise(done => {
                player.onemptied = () => done(player.src);
                setTimeout(() => done("never"), 20000);
            });
        }"""
    )
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name=f"File {name}")).to_be_focused()
    assert page.evaluate("window.emptied") == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [("paper.pdf", pdf()), ("fake.pdf", EVIL_HTML)],
    ids=["pdf", "html"],
)
def test_pdf(server: LiveServer, page: Page, name: str, content: bytes | str) -> None:
    """Goes to the browser's own viewer; what it wants to do does not happen."""
    put(server, name, content)

    with page.expect_event("framenavigated", is_viewer):
        dialog = show(server, page, name)

    frame = dialog.get_by_title(name)
    expect(frame).to_have_attribute("src", re.compile(f"^blob:{server.url}/"))
    page.get_by_role("button", name="Close").click()
    expect(frame).to_have_count(0)
    assert page.url.startswith(f"{server.url}/#/s/")


def is_viewer(frame: Frame) -> bool:
    """Whether the browser's viewer is in a frame."""
    return frame.url.startswith("chrome-extension:")
