"""The files the page is made of, read once from the package.

They are served below a folder named by the hash of all of them. So modules name each
other by relative paths, browsers may keep them for good, and a new version of the
server is a new folder. Knows nothing of HTTP but media types.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from ocsync.web.linked import link_modules

PAGE: Final = "index.html"

_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HASH_DIGITS: Final = 16
_MAIN: Final = "main.js"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, as it is and compressed."""

    content: bytes
    compressed: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by their paths, the page's template, and the hash of everything.

    The modules that the page cannot begin without are one file, `main.js`.
    """

    page: str
    files: Mapping[str, Asset]
    revision: str


def read_assets() -> Assets:
    """Read the package's files."""
    contents = _linked(dict(sorted(_walk(files("ocsync.web") / "static", ""))))
    digest = hashlib.sha256()
    for path, content in contents.items():
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    page = contents.pop(PAGE).decode()
    return Assets(
        page=page,
        files={path: as_asset(path, content) for path, content in contents.items()},
        revision=digest.hexdigest()[:_HASH_DIGITS],
    )


def as_asset(path: str, content: bytes) -> Asset:
    """The file, compressed the same way every time."""
    media_type = _TYPES[path.rpartition(".")[2]]
    return Asset(content, gzip.compress(content, mtime=0), media_type)


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _walk(each, f"{prefix}{each.name}/")
        elif each.name.rpartition(".")[2] in _TYPES:
            yield prefix + each.name, each.read_bytes()


def _linked(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with those modules joined that are always needed."""
    modules = {
        path: content.decode()
        for path, content in contents.items()
        if path.endswith(".js")
    }
    linked = link_modules(modules, _MAIN)
    others = {path: text for path, text in contents.items() if path not in modules}
    return others | {path: text.encode() for path, text in linked.items()}
