"""The documentation's pages, and the blocks of code that stand in them.

A block in the language `sh` is run by a test, as it stands. An HTML comment directly
above it, which no reader of the rendered page sees, says otherwise:

    <!-- not run: needs … -->   why it cannot be run on any machine
    <!-- serves URL -->         it runs until it is stopped, and answers at the URL
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
_FENCE: Final = re.compile(r"^(`{3,})(.*)$")
_NOTE: Final = re.compile(r"<!-- (.*) -->")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code, where it begins, and the note above it."""

    page: str
    line: int
    language: str
    note: str
    text: str

    @property
    def place(self) -> str:
        """Page and line, as an editor jumps to it."""
        return f"{self.page}:{self.line}"

    @property
    def reason_not_run(self) -> str | None:
        """Why the test leaves it out."""
        head, _, reason = self.note.partition(": ")
        return reason if head == "not run" else None

    @property
    def serves(self) -> bool:
        """Whether it starts a server and stays with it."""
        return self.note.startswith("serves ")


def pages() -> list[Path]:
    """Every page that people read."""
    at_top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [
        *at_top,
        ROOT / "benchmarks/README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]


def name_of(page: Path) -> str:
    """The page's path in the tree."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page, in order."""
    lines = page.read_text().splitlines()
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        end = lines.index(opening[1], number + 1)
        note = _NOTE.fullmatch(lines[number - 1]) if number else None
        yield Block(
            page=name_of(page),
            line=number + 1,
            language=opening[2].strip(),
            note=note[1] if note else "",
            text="\n".join(lines[number + 1 : end]) + "\n",
        )
        number = end + 1


def commands(page: Path) -> list[Block]:
    """The blocks of a page that a person types into a shell."""
    return [block for block in blocks(page) if block.language == "sh"]
