"""The documentation hangs together: blocks say what they are, links lead somewhere."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

from docs.made.contents import DOCS, made_files
from tests.doc_pages import ROOT, blocks, name_of, pages

LINK: Final = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
KNOWN: Final = re.compile(
    r"sh|text|xml|json|toml|ini|http|js|python|html|promql|yaml|\{[a-z]+\}.*"
)


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_blocks_name_their_language(page: Path) -> None:
    """A block without one would be run by nobody; `text` is what is only looked at."""
    assert [
        block.place for block in blocks(page) if not KNOWN.fullmatch(block.language)
    ] == []


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_a_command_is_left_out_for_a_reason(page: Path) -> None:
    """What the test does not run needs something that a machine may not have."""
    reasons = {
        block.place: block.reason_not_run
        for block in blocks(page)
        if block.reason_not_run is not None
    }

    assert all(reason.startswith("needs ") for reason in reasons.values()), reasons


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file in the tree, and to a heading that is in it."""
    broken = [
        target
        for target in LINK.findall(page.read_text())
        if not urlsplit(target).scheme and not leads_somewhere(page, target)
    ]

    assert broken == []


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether the file is there and has the heading."""
    path, _, anchor = unquote(target).partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.is_relative_to(ROOT) or not file.exists():
        return False
    return not anchor or file.suffix != ".md" or anchor in anchors(file)


def anchors(page: Path) -> set[str]:
    """What headings are called in links, as GitHub and MyST have it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("name", made_files())
def test_made_pages_are_up_to_date(name: str) -> None:
    """`python -m docs.made` writes what is committed."""
    assert (DOCS / name).read_text() == made_files()[name], "run python -m docs.made"


def test_every_error_code_is_explained() -> None:
    """Also those that a part gives by itself, in the page of its protocol."""
    written = "".join(page.read_text() for page in pages())
    unexplained = {
        code
        for module in (ROOT / "ocsync").rglob("*.py")
        for code in re.findall(r"""\bcode="(\w+)\"""", module.read_text())
        if f"`{code}`" not in written
    }

    assert unexplained == set()
