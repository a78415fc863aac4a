"""Finding out what a URL is that somebody wants to send files to."""

import json
from dataclasses import dataclass, replace
from typing import Final

from ocsync.client.answers import explain, problem
from ocsync.client.connection import Http
from ocsync.client.errors import ClientError, Refused, Temporary
from ocsync.client.tus import TusServer, read_announcement
from ocsync.client.urls import (
    base_urls,
    folder_url,
    name_of,
    parent_url,
    resolve,
    segments_of,
)
from ocsync.client.webdav import find, make_folder

_CAPABILITIES: Final = "ocs/v1.php/cloud/capabilities?format=json"
_OWN_FILES: Final = "remote.php/webdav/"
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where files go: a folder, or a place that takes uploads and knows no folders.

    `name` is what a single file shall be called there, if the URL says so.
    """

    url: str
    server: TusServer
    is_folder: bool
    chunk_bytes: int | None = None
    name: str | None = None


def find_destination(http: Http, url: str, *, is_single: bool) -> Destination:
    """What the URL means for uploads.

    A folder that is not there is made, and the URL may name the file itself if only a
    `is_single` one is sent. A server's bare URL means the user's own files.

    Raises:
        Temporary, ClientError: it cannot be told, or nothing can be sent there.
    """
    answer = http.ask("OPTIONS", url)
    server = read_announcement(answer)
    url = answer.url
    if server is None and not segments_of(url):
        return find_destination(http, resolve(url, _OWN_FILES), is_single=is_single)
    if server is None:
        if answer.status == _UNAUTHORIZED:
            raise problem(answer)
        raise ClientError(f"{url} takes no resumable uploads: {explain(answer)}")
    if answer.get("DAV") is None:
        return Destination(
            url=url, server=server, is_folder=False, chunk_bytes=_chunk_bytes(http, url)
        )
    found = _find_folder(http, url, server, is_single=is_single)
    return replace(found, chunk_bytes=_chunk_bytes(http, url))


def _find_folder(
    http: Http, url: str, server: TusServer, *, is_single: bool
) -> Destination:
    found = find(http, url)
    if found is not None and found.is_folder:
        return Destination(url=folder_url(url), server=server, is_folder=True)
    if is_single and not url.endswith("/"):
        parent = parent_url(url)
        above = find(http, parent) if found is None else found
        if above is None:
            raise ClientError(f"there is no folder {parent}")
        return Destination(url=parent, server=server, is_folder=True, name=name_of(url))
    if found is not None:
        raise ClientError(f"{url} is a file, not a folder")
    make_folder(http, url)
    return Destination(url=folder_url(url), server=server, is_folder=True)


def _chunk_bytes(http: Http, url: str) -> int | None:
    """The size of a request that an ownCloud server wants; None from any other."""
    for base in base_urls(url):
        try:
            answer = http.ask("GET", resolve(base, _CAPABILITIES))
            document = json.loads(answer.body) if answer.is_done else {}
            support = document["ocs"]["data"]["capabilities"]["files"]["tus_support"]
            size = int(support["max_chunk_size"])
        except (KeyError, TypeError, ValueError, Refused, Temporary):
            continue
        return size or None
    return None
