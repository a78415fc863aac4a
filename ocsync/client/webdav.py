"""WebDAV as a client speaks it: what is there, and making folders.

A server's hrefs are taken for what they are worth: one that is no direct child of the
folder that was asked for is passed over, and a name is never a way out of a folder.
"""

import os
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol, cast

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from ocsync.client.answers import explain, problem, require
from ocsync.client.connection import Answer, Bytes, Http
from ocsync.client.dates import parse_date
from ocsync.client.errors import ClientError, Refused
from ocsync.client.numbers import parse_count
from ocsync.client.urls import (
    child_url,
    folder_url,
    name_of,
    origin_of,
    resolve,
    segments_of,
)

_DAV: Final = "{DAV:}"
_OC: Final = "{http://owncloud.org/ns}"
_MULTISTATUS: Final = 207
_ASKED: Final = Bytes(
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
    b"<d:prop><d:resourcetype/><d:getcontentlength/><d:getetag/><d:getlastmodified/>"
    b"<oc:checksums/></d:prop></d:propfind>"
)
_MOST_WORDS_BYTES: Final = 65536
"""Of an answer that says why not."""
_NOT_NAMES: Final = frozenset({b"", b".", b".."})
_NOT_IN_NAMES: Final = (b"/", b"\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A file or folder on a server. `url` is made here, of the name."""

    url: str
    name: str
    is_folder: bool
    size: int | None = None
    etag: str | None = None
    modified_at: datetime | None = None
    checksums: tuple[str, ...] = field(default=())

    def checksum(self, algorithm: str) -> str | None:
        """The one that was made so, in hexadecimal."""
        for each in self.checksums:
            name, _, digest = each.partition(":")
            if name.lower() == algorithm:
                return digest.lower()
        return None


def fold_name(name: str) -> str:
    """A name as servers compare it, whichever way its accents are written."""
    return unicodedata.normalize("NFC", name)


def find(http: Http, url: str) -> Remote | None:
    """What is at the URL; None if nothing is.

    Raises:
        NoWebDav: it is no place for WebDAV.
        Temporary, Refused, ClientError: it cannot be told.
    """
    with http.stream("PROPFIND", url, _headers(0), _ASKED) as answer:
        if answer.status == 404:
            return None
        is_other = answer.is_done and answer.status != _MULTISTATUS
        if is_other or answer.status in {400, 405, 415, 501}:
            raise NoWebDav(_why_no_webdav(answer), status=answer.status)
        _require_multistatus(answer)
        for segments, found in _responses(answer):
            if segments == segments_of(answer.url):
                return found.as_remote(answer.url, name_of(answer.url))
    raise ClientError(f"{url} answers without saying what is there")


def children(http: Http, url: str) -> Iterator[Remote]:
    """What lies in the folder at the URL.

    Raises:
        Temporary, Refused, ClientError: it cannot be told.
    """
    with http.stream("PROPFIND", folder_url(url), _headers(1), _ASKED) as answer:
        _require_multistatus(answer)
        above = segments_of(answer.url)
        for segments, found in _responses(answer):
            if segments[:-1] != above or not _is_name(segments[-1]):
                continue
            name = os.fsdecode(segments[-1])
            yield found.as_remote(child_url(answer.url, name), name)


def make_folder(http: Http, url: str) -> bool:
    """Make a folder; whether it is new.

    Raises:
        Temporary, Refused: it cannot be made, for one because its parent is missing.
    """
    answer = http.ask("MKCOL", folder_url(url))
    if answer.status == 405:  # there is something (RFC 4918 §9.3.1)
        return False
    require(answer, 201)
    return True


class NoWebDav(Refused):
    """The URL is no place for WebDAV."""


def _headers(depth: int) -> dict[str, str]:
    return {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}


def _why_no_webdav(answer: Answer) -> str:
    if answer.status == 400:  # it may, but not about this URL
        return explain(_with_body(answer))
    return "this URL does not speak WebDAV"


def _with_body(answer: Answer) -> Answer:
    return replace(answer, body=answer.read(_MOST_WORDS_BYTES))


def _require_multistatus(answer: Answer) -> None:
    if answer.status != _MULTISTATUS:
        raise problem(_with_body(answer))


def _is_name(segment: bytes) -> bool:
    return segment not in _NOT_NAMES and not any(
        each in segment for each in _NOT_IN_NAMES
    )


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(slots=True)
class _Response:
    """The properties of one `response` that the server has (status 200)."""

    is_folder: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    checksums: tuple[str, ...] = ()

    def as_remote(self, url: str, name: str) -> Remote:
        """With its name and URL."""
        size = parse_count(self.texts.get(f"{_DAV}getcontentlength"))
        return Remote(
            url=folder_url(url) if self.is_folder else url,
            name=name,
            is_folder=self.is_folder,
            size=None if self.is_folder else size,
            etag=self.texts.get(f"{_DAV}getetag"),
            modified_at=parse_date(self.texts.get(f"{_DAV}getlastmodified")),
            checksums=self.checksums,
        )


def _responses(answer: Answer) -> Iterator[tuple[tuple[bytes, ...], _Response]]:
    """The path and properties of each response that is about the asked origin."""
    events = iterparse(cast("_Readable", answer), events=("start", "end"))
    root: ET.Element | None = None
    try:
        for event, element in events:
            if root is None:
                root = element
            if event == "end" and element.tag == f"{_DAV}response":
                href = (element.findtext(f"{_DAV}href") or "").strip()
                if href and _is_here(answer.url, href):
                    yield segments_of(resolve(answer.url, href)), _read(element)
                root.clear()
    except (ET.ParseError, DefusedXmlException, UnicodeError) as error:
        raise ClientError(f"{answer.url} answers no XML: {error}") from None


def _is_here(url: str, href: str) -> bool:
    """Whether the href can be about this server at all."""
    try:
        return origin_of(resolve(url, href)) == origin_of(url)
    except ClientError:
        return False


def _read(element: ET.Element) -> _Response:
    found = _Response()
    for propstat in element.findall(f"{_DAV}propstat"):
        if " 200" not in (propstat.findtext(f"{_DAV}status") or " 200"):
            continue
        for each in propstat.iterfind(f"{_DAV}prop/*"):
            if each.tag == f"{_DAV}resourcetype":
                found.is_folder = each.find(f"{_DAV}collection") is not None
            elif each.tag == f"{_OC}checksums":
                words = [child.text or "" for child in each]
                found.checksums = tuple(" ".join(words).split())
            elif each.text:
                found.texts[each.tag] = each.text.strip()
    return found
