"""How files on their way are shown: bars on a terminal, lines elsewhere, or JSON.

Bars and lines go to standard error; JSON lines are results and go to standard output.
"""

import json
import sys
import threading
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Final, Self

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from ocsync.cli.output import size_words
from ocsync.client.events import (
    Checking,
    Event,
    Failed,
    Finished,
    Found,
    Moved,
    Skipped,
    Started,
    Waiting,
)

_SHOWN_BARS: Final = 12
_TOLD_PARTS: Final = 10


class Report(AbstractContextManager["Report"]):
    """Counts what happens, and shows it in some way."""

    def __init__(self, verb: str) -> None:
        self._verb = verb
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._bytes = 0

    def __exit__(self, *_: object) -> None:
        """Nothing is left to be done."""

    def tell(self, event: Event) -> None:
        """Count it and show it."""
        with self._lock:
            if isinstance(event, Finished | Skipped | Failed):
                self._counts[type(event).__name__.lower()] += 1
            if isinstance(event, Finished):
                self._bytes += event.size
            self.show(event)

    @abstractmethod
    def show(self, event: Event) -> None:
        """Show it; only one thread at a time does."""

    def sum_up(self) -> None:
        """Say in one line how it went."""
        counts = self._counts
        words = [f"{self._verb} {counts['finished']} ({size_words(self._bytes)})"]
        words += [f"{name} {counts[name]}" for name in ("skipped", "failed")]
        _say(", ".join(words))

    @property
    def summary(self) -> dict[str, int]:
        """The same for scripts."""
        names = ("finished", "skipped", "failed")
        return {name: self._counts[name] for name in names} | {"bytes": self._bytes}


def choose_report(*, as_json: bool, verb: str) -> Report:
    """The one that suits whoever looks at it."""
    if as_json:
        return JsonReport(verb)
    return BarReport(verb) if sys.stderr.isatty() else LineReport(verb)


class JsonReport(Report):
    """One JSON object for each event, in a line."""

    def show(self, event: Event) -> None:
        """Print it."""
        self._print(type(event).__name__.lower(), asdict(event))

    def sum_up(self) -> None:
        """The last line."""
        self._print("summary", self.summary)

    def _print(self, name: str, fields: Mapping[str, object]) -> None:
        # In ASCII, as a name that is not UTF-8 could not be printed otherwise.
        sys.stdout.write(f"{json.dumps({'event': name, **fields})}\n")
        sys.stdout.flush()


class LineReport(Report):
    """A line now and then, for a log."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self._told: dict[str, int] = {}

    def show(self, event: Event) -> None:
        """Print what is worth a line."""
        if isinstance(event, Moved):
            self._show_progress(event)
            return
        line = describe(event)
        if line is not None:
            _say(line)

    def _show_progress(self, event: Moved) -> None:
        """A line for each tenth of a file."""
        if not event.size:
            return
        part = event.offset * _TOLD_PARTS // event.size
        if part > self._told.get(event.name, 0) and event.offset < event.size:
            self._told[event.name] = part
            _say(f"{printable(event.name)}: {_of(event.offset, event.size)}")


class BarReport(Report):
    """A bar for each file that is on its way."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True, highlight=False),
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the bars as they are."""
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Move the file's bar."""
        match event:
            case Found():
                pass
            case Checking():
                self._move(event.name, "checking", event.offset, event.size)
            case Started():
                words = f"resumed at {_percent(event)}" if event.offset else ""
                self._drop(event.name)
                self._move(event.name, words, event.offset, event.size)
            case Moved():
                bar = self._bars.get(event.name)
                if bar is not None:
                    self._progress.update(bar, completed=event.offset, total=event.size)
            case Finished():
                if len(self._bars) > _SHOWN_BARS:
                    self._drop(event.name)
            case Waiting() | Skipped() | Failed():
                if not isinstance(event, Waiting):
                    self._drop(event.name)
                self._progress.console.print(escape(describe(event) or ""))

    def _move(self, name: str, words: str, offset: int, size: int | None) -> None:
        if name not in self._bars:
            label = escape(printable(name)) + (
                f" [dim]({words})[/dim]" if words else ""
            )
            self._bars[name] = self._progress.add_task(label, total=size)
        self._progress.update(self._bars[name], completed=offset)

    def _drop(self, name: str) -> None:
        bar = self._bars.pop(name, None)
        if bar is not None:
            self._progress.remove_task(bar)


def describe(event: Event) -> str | None:
    """One line about an event that is worth it."""
    name = printable(event.name)
    match event:
        case Started() if event.offset:
            return f"{name}: resumed at {_percent(event)}, {_of_started(event)}"
        case Waiting():
            return f"{name}: {event.reason}; trying again in {event.seconds:.1f} s"
        case Finished():
            return f"{name}: done, {size_words(event.size)}"
        case Skipped():
            return f"{name}: skipped, {event.reason}"
        case Failed():
            return f"{name}: failed, {event.reason}"
        case _:
            return None


def printable(name: str) -> str:
    """A name that does nothing to a terminal: what cannot be shown is escaped."""
    shown = "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in name
    )
    return shown.encode(errors="backslashreplace").decode()


def _percent(event: Started | Moved) -> str:
    return f"{100 * event.offset // event.size} %" if event.size else "a part"


def _of(offset: int, size: int) -> str:
    return f"{size_words(offset)} of {size_words(size)}"


def _of_started(event: Started) -> str:
    return _of(event.offset, event.size) if event.size else size_words(event.offset)


def _say(line: str) -> None:
    click.echo(line, err=True)
