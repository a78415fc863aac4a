"""Sending many: folders are made on the way, and what they have already is looked up.

`send_all` is the whole of an upload: find out what the URL is, go through what was
named, and let a crew carry the files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ocsync.client.connection import Http
from ocsync.client.crew import Crew, Task
from ocsync.client.discovery import Destination, find_destination
from ocsync.client.errors import ClientError, LoggedOut, Stopped
from ocsync.client.events import Found, Listener, Skipped, Waiting
from ocsync.client.journal import Journal
from ocsync.client.local_files import LocalFile, LocalFolder, Unfit, find_files
from ocsync.client.patience import Patience
from ocsync.client.stopping import Stop
from ocsync.client.upload import IfExists, Uploader, UploadRules
from ocsync.client.urls import child_url, folder_url
from ocsync.client.webdav import Remote, children, fold_name, make_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A file, where it goes, and what is there."""

    local: LocalFile
    folder_url: str
    there: Remote | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Everything that an upload is made with."""

    connect: Callable[[], Http]
    journal: Journal
    rules: UploadRules
    listener: Listener
    stop: Stop
    parallel: int
    follow: bool

    def send_all(self, paths: Iterable[Path], url: str) -> int:
        """Send files and folders to the URL; how many of them failed.

        Raises:
            ClientError: the URL is no place for uploads.
            Stopped: the user wants to end.
        """
        self.journal.tidy()
        named = list(paths)
        is_single = len(named) == 1 and not named[0].is_dir()
        http = self.connect()
        try:
            destination = self._patience(url).keep_trying(
                lambda: find_destination(http, url, is_single=is_single)
            )
            self._require_fit(destination)
            crew = Crew[_Job](
                size=self.parallel,
                make_worker=lambda stack: self._worker(stack, destination),
                listener=self.listener,
                stop=self.stop,
            )
            crew.carry(self._tasks(http, named, destination, crew))
        finally:
            http.close()
        return crew.failures

    def _worker(
        self, stack: ExitStack, destination: Destination
    ) -> Callable[[_Job], None]:
        http = self.connect()
        stack.callback(http.close)
        uploader = Uploader(
            http=http,
            destination=destination,
            journal=self.journal,
            rules=self.rules,
            listener=self.listener,
            stop=self.stop,
        )
        return lambda job: uploader.send(job.local, job.folder_url, job.there)

    def _require_fit(self, destination: Destination) -> None:
        if not destination.is_folder and self.rules.if_exists is not IfExists.REPLACE:
            raise ClientError(
                f"{destination.url} does not tell what it has: --if-exists has no use"
            )

    def _tasks(
        self,
        http: Http,
        paths: Iterable[Path],
        destination: Destination,
        crew: Crew[_Job],
    ) -> Iterator[Task[_Job]]:
        """The files in their order; folders that they need are made before them."""
        folders = _RemoteFolders(http, destination, self._patience)
        for found in find_files(paths, follow=self.follow):
            match found:
                case Unfit():
                    self._tell_unfit(found, crew)
                case LocalFolder():
                    self._make(folders, found, crew)
                case LocalFile():
                    if folders.is_lost(found.folders):
                        continue
                    yield self._task(found, folders, destination)

    def _task(
        self, found: LocalFile, folders: "_RemoteFolders", destination: Destination
    ) -> Task[_Job]:
        label = found.label
        self.listener.tell(Found(name=label, size=found.path.stat().st_size))
        if destination.name is not None:
            found = replace(found, name=destination.name)
        url, entries = folders.look(found.folders)
        job = _Job(
            local=found, folder_url=url, there=entries.get(fold_name(found.name))
        )
        return Task(label, job)

    def _make(
        self, folders: "_RemoteFolders", found: LocalFolder, crew: Crew[_Job]
    ) -> None:
        label = "/".join(found.folders)
        try:
            folders.make(found.folders)
        except (Stopped, LoggedOut):
            raise
        except ClientError as error:
            crew.fail(label, f"cannot make this folder: {error}")

    def _tell_unfit(self, found: Unfit, crew: Crew[_Job]) -> None:
        if found.is_failure:
            crew.fail(found.label, found.reason)
        else:
            self.listener.tell(Skipped(name=found.label, reason=found.reason))

    def _patience(self, name: str) -> Patience:
        return Patience(
            attempts=self.rules.attempts,
            stop=self.stop,
            on_wait=lambda reason, seconds: self.listener.tell(
                Waiting(name=name, reason=reason, seconds=seconds)
            ),
        )


class _RemoteFolders:
    """The folders that files go to: made once, and looked into once."""

    def __init__(
        self, http: Http, destination: Destination, patience: Callable[[str], Patience]
    ) -> None:
        self._http = http
        self._destination = destination
        self._patience = patience
        self._lost: set[tuple[str, ...]] = set()
        self._new: set[tuple[str, ...]] = set()
        self._looked: tuple[tuple[str, ...], Mapping[str, Remote]] | None = None

    def is_lost(self, folders: tuple[str, ...]) -> bool:
        """Whether one of them could not be made."""
        return any(folders[:depth] in self._lost for depth in range(len(folders) + 1))

    def make(self, folders: tuple[str, ...]) -> None:
        """See that the folder is there.

        Raises:
            ClientError: it cannot be made.
        """
        if not self._destination.is_folder or not folders or self.is_lost(folders):
            return
        try:
            url = self._url(folders)
            is_new = self._patience("/".join(folders)).keep_trying(
                lambda: make_folder(self._http, url)
            )
        except ClientError:
            self._lost.add(folders)
            raise
        if is_new:
            self._new.add(folders)

    def look(self, folders: tuple[str, ...]) -> tuple[str, Mapping[str, Remote]]:
        """The folder's URL, and what it has by name.

        Raises:
            ClientError: it does not tell.
        """
        if not self._destination.is_folder:
            return self._destination.url, {}
        url = self._url(folders)
        if folders in self._new:
            return url, {}
        if self._looked is None or self._looked[0] != folders:
            found = self._patience(url).keep_trying(
                lambda: list(children(self._http, url))
            )
            self._looked = (folders, {fold_name(each.name): each for each in found})
        return url, self._looked[1]

    def _url(self, folders: tuple[str, ...]) -> str:
        url = self._destination.url
        for each in folders:
            url = folder_url(child_url(url, each))
        return url
