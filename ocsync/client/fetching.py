"""Fetching many: folders are walked on the server and made here.

`fetch_all` is the whole of a download. A name that a server tells is one name in one
folder here, or it is refused: nothing is ever written outside of the destination.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from ocsync.client.answers import require
from ocsync.client.connection import Http
from ocsync.client.crew import Crew, Task
from ocsync.client.download import Downloader, DownloadRules
from ocsync.client.errors import ClientError, LoggedOut, Refused, Stopped
from ocsync.client.events import Found, Listener, Waiting
from ocsync.client.patience import Patience
from ocsync.client.stopping import Stop
from ocsync.client.urls import name_of
from ocsync.client.webdav import Remote, children, find

_DEEPEST: Final = 200
_FILE_NAME: Final = re.compile(r'filename="((?:[^"\\]|\\.)*)"')
_FORBIDDEN: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A file, and where it goes."""

    remote: Remote
    target: Path
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """Everything that a download is made with."""

    connect: Callable[[], Http]
    rules: DownloadRules
    listener: Listener
    stop: Stop
    parallel: int

    def fetch_all(self, urls: Iterable[str], destination: Path) -> int:
        """Fetch files and folders; how many of them failed.

        Raises:
            ClientError: the destination cannot be used.
            Stopped: the user wants to end.
        """
        asked = list(urls)
        crew = Crew[_Job](
            size=self.parallel,
            make_worker=self._worker,
            listener=self.listener,
            stop=self.stop,
        )
        http = self.connect()
        try:
            crew.carry(self._tasks(http, asked, destination, crew))
        finally:
            http.close()
        return crew.failures

    def _worker(self, stack: ExitStack) -> Callable[[_Job], None]:
        http = self.connect()
        stack.callback(http.close)
        downloader = Downloader(
            http=http, rules=self.rules, listener=self.listener, stop=self.stop
        )
        return lambda job: downloader.fetch(job.remote, job.target, job.label)

    def _tasks(
        self, http: Http, urls: list[str], destination: Path, crew: Crew[_Job]
    ) -> Iterator[Task[_Job]]:
        for url in urls:
            try:
                find_it = partial(self._find, http, url)
                found = self._patience(url).keep_trying(find_it)
                yield from self._of_url(
                    http, url, found, destination, crew, is_only=len(urls) == 1
                )
            except (Stopped, LoggedOut):
                raise
            except ClientError as error:
                crew.fail(url, str(error))

    def _of_url(
        self,
        http: Http,
        url: str,
        found: Remote,
        destination: Path,
        crew: Crew[_Job],
        *,
        is_only: bool,
    ) -> Iterator[Task[_Job]]:
        if found.is_folder:
            # As with rsync: a slash at the end means what is in the folder.
            target, label = destination, ""
            if not url.endswith("/"):
                label = require_name(found.name)
                target = destination / label
            yield from self._of_folder(http, found, target, label, crew, depth=0)
            return
        name = require_name(found.name)
        if is_only and not destination.is_dir():
            target = destination
        else:
            self._make_folder(destination)
            target = destination / name
        yield self._task(found, target, name)

    def _of_folder(
        self,
        http: Http,
        folder: Remote,
        target: Path,
        label: str,
        crew: Crew[_Job],
        *,
        depth: int,
    ) -> Iterator[Task[_Job]]:
        """What is in a folder, and in those below it."""
        if depth > _DEEPEST:
            raise ClientError("its folders never end")
        self._make_folder(target)
        listed = self._patience(label or folder.url).keep_trying(
            lambda: list(children(http, folder.url))
        )
        for each in sorted(listed, key=lambda each: each.name):
            below = f"{label}/{each.name}" if label else each.name
            try:
                path = target / require_name(each.name)
                if not each.is_folder:
                    yield self._task(each, path, below)
                    continue
                yield from self._of_folder(
                    http, each, path, below, crew, depth=depth + 1
                )
            except (Stopped, LoggedOut):
                raise
            except ClientError as error:
                crew.fail(below, str(error))

    def _task(self, remote: Remote, target: Path, label: str) -> Task[_Job]:
        self.listener.tell(Found(name=label, size=remote.size))
        return Task(label, _Job(remote=remote, target=target, label=label))

    def _make_folder(self, path: Path) -> None:
        try:
            path.mkdir(exist_ok=True, parents=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ClientError(f"cannot make the folder {path}: {reason}") from None

    def _find(self, http: Http, url: str) -> Remote:
        """What is at the URL, by WebDAV or, where that is not spoken, by HEAD."""
        reason = None
        try:
            found = find(http, url)
        except LoggedOut:
            raise
        except Refused as error:
            found, reason = None, error
        if found is not None:
            return found
        try:
            return _by_head(http, url)
        except Refused as error:
            if reason is not None and reason.status == error.status:
                raise reason from None  # in words, which HEAD has none of
            raise

    def _patience(self, name: str) -> Patience:
        return Patience(
            attempts=self.rules.attempts,
            stop=self.stop,
            on_wait=lambda reason, seconds: self.listener.tell(
                Waiting(name=name, reason=reason, seconds=seconds)
            ),
        )


def require_name(name: str) -> str:
    """A name that stays in the folder where it is put.

    Raises:
        ClientError: it would not, or no file can be called so.
    """
    if name in _FORBIDDEN or "/" in name or "\0" in name or os.path.isabs(name):  # noqa: PTH117
        raise ClientError("the server names it as no file can be called")
    return name


def _by_head(http: Http, url: str) -> Remote:
    """A file at a URL that knows nothing of WebDAV."""
    answer = require(http.ask("HEAD", url))
    match = _FILE_NAME.search(answer.get("Content-Disposition") or "")
    name = re.sub(r"\\(.)", r"\1", match[1]) if match else name_of(answer.url)
    # Of a path only the last part counts (RFC 6266 §4.3).
    name = name.replace("\\", "/").rpartition("/")[2]
    sums = (answer.get("OC-Checksum") or "").split()
    return Remote(
        url=answer.url,
        name=name or "download",
        is_folder=False,
        etag=answer.get("ETag"),
        checksums=tuple(sums),
    )
