"""`ocsync stats`: how much there is, and how a server does, without Prometheus."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import iso, print_json, print_rows, size_words
from ocsync.library import open_library
from ocsync.metrics import catalogue
from ocsync.metrics.board import BoardUnreadable, find_board
from ocsync.metrics.catalogue import Metric
from ocsync.metrics.gauges import Figures, look_up
from ocsync.metrics.reading import Reading, Series, quantile
from ocsync.server.data_lock import running_server
from ocsync.settings import LoadedSettings, Settings
from spaces.clock import from_seconds

_SHARES: Final = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with everything.")
@with_settings
def stats(loaded: LoadedSettings, as_json: bool) -> None:
    """Show what there is, and what the server has done.

    That counts from its start. It must run on this machine, by the same user and over
    the same data.
    """
    with open_library(loaded.settings) as library:
        figures = look_up(library)
    server, reason = _server_of(loaded.settings)
    if as_json:
        print_json(
            {
                "kept": _kept(figures),
                "uploads": _uploads(figures),
                "server": None if server is None else server.document(),
            }
        )
        return
    _print_facts(_kept_words(figures))
    if figures.uploads:
        _print_table("\nopen uploads", _uploads(figures))
    if server is None:
        click.echo(f"\n{reason}", err=True)
        return
    _print_facts(server.facts(), title="\nserver")
    _print_table("\nrequests since the start", server.routes())


@dataclass(frozen=True, slots=True)
class _Server:
    """A running server's numbers."""

    reading: Reading

    def document(self) -> dict[str, object]:
        """Everything, for a script."""
        return {
            "started": self._started(),
            "workers": len(self.reading.pids),
            "connections": self._total(catalogue.CONNECTIONS),
            "queued_requests": self._total(catalogue.QUEUED),
            "memory_bytes": int(self.reading.looked_up()[catalogue.MEMORY.name]),
            "take_overs": self._total(catalogue.TAKE_OVERS),
            "checksum_failures": self._total(catalogue.MISMATCHES),
            "failed_logins": self._total(catalogue.LOGINS, "failed"),
            "commit": self._steps(catalogue.COMMIT_SECONDS),
            "lock_wait": self._steps(catalogue.TURN_SECONDS),
            "routes": self.routes(),
        }

    def facts(self) -> dict[str, str]:
        """The most telling ones, for people."""
        memory = self.reading.looked_up()[catalogue.MEMORY.name]
        commit = self._steps(catalogue.COMMIT_SECONDS)
        wait = self._steps(catalogue.TURN_SECONDS)
        return {
            "running since": str(self._started()),
            "workers": str(len(self.reading.pids)),
            "connections": str(self._total(catalogue.CONNECTIONS)),
            "queued requests": str(self._total(catalogue.QUEUED)),
            "memory": size_words(int(memory)),
            "commits": f"{commit['count']}, p95 {_words(commit['p95'])}",
            "waits for the lock": f"{wait['count']}, p95 {_words(wait['p95'])}",
            "uploads taken over": str(self._total(catalogue.TAKE_OVERS)),
            "checksum failures": str(self._total(catalogue.MISMATCHES)),
            "failed logins": str(self._total(catalogue.LOGINS, "failed")),
        }

    def routes(self) -> list[dict[str, object]]:
        """A row for each route and method that was asked."""
        rows: dict[tuple[str, ...], dict[str, object]] = {}
        bounds = catalogue.REQUEST_SECONDS.buckets
        for each in self.reading.series(catalogue.REQUEST_SECONDS):
            route, method = each.labels
            rows[each.labels] = {
                "route": route,
                "method": method,
                "requests": int(each.count),
                "refused": 0,
                "failed": 0,
                **{name: _quantile(share, bounds, each) for name, share in _SHARES},
            }
        for each in self.reading.series(catalogue.REQUESTS):
            route, method, status = each.labels
            kind = {"4xx": "refused", "5xx": "failed"}.get(status)
            if kind is not None:
                rows[route, method][kind] = int(each.value)
        for metric, name in (
            (catalogue.RECEIVED, "received"),
            (catalogue.SENT, "sent"),
        ):
            sizes = {each.labels: each.value for each in self.reading.series(metric)}
            for labels, row in rows.items():
                row[name] = int(sizes.get(labels, 0))
        return list(rows.values())

    def _started(self) -> str | None:
        return iso(from_seconds(self.reading.started))

    def _total(self, metric: Metric, *labels: str) -> int:
        return int(
            sum(
                each.value
                for each in self.reading.series(metric)
                if not labels or each.labels == labels
            )
        )

    def _steps(self, metric: Metric) -> dict[str, object]:
        (series,) = self.reading.series(metric)
        shares = {
            name: _quantile(share, metric.buckets, series) for name, share in _SHARES
        }
        return {"count": int(series.count), **shares}


def _server_of(settings: Settings) -> tuple[_Server | None, str]:
    """The server on this data folder; else why there is nothing to tell of it."""
    process = running_server(settings.data)
    if process is None:
        return None, "no server is running on this data, or another user's"
    try:
        return _Server(Reading(find_board(process))), ""
    except BoardUnreadable as error:
        return None, f"a server is running, but {error}"


def _kept(figures: Figures) -> dict[str, object]:
    return {
        "spaces": sum(figures.spaces.values()),
        "disabled_spaces": sum(
            count for (_, state), count in figures.spaces.items() if state == "disabled"
        ),
        "file_bytes": figures.used_bytes,
        "free_bytes": figures.free_bytes,
        "open_uploads": sum(figures.uploads.values()),
        "hash_queue": figures.hash_queue,
    }


def _kept_words(figures: Figures) -> dict[str, str]:
    free = figures.free_bytes
    by_kind = ", ".join(
        f"{count} {kind}" + (f" ({state})" if state == "disabled" else "")
        for (kind, state), count in sorted(figures.spaces.items())
    )
    return {
        "spaces": by_kind or "none",
        "files": size_words(figures.used_bytes),
        "free": "unknown" if free is None else size_words(free),
        "open uploads": str(sum(figures.uploads.values())),
        "checksums to add": str(figures.hash_queue),
    }


def _uploads(figures: Figures) -> list[dict[str, object]]:
    return [
        {"dialect": dialect, "state": state, "count": count}
        for (dialect, state), count in sorted(figures.uploads.items())
    ]


def _print_facts(facts: Mapping[str, str], *, title: str = "") -> None:
    if title:
        click.echo(title)
    width = max(map(len, facts))
    for name, text in facts.items():
        click.echo(f"{name:<{width}}  {text}")


def _print_table(title: str, rows: Iterable[Mapping[str, object]]) -> None:
    click.echo(title)
    listed = [{name: _cell(name, value) for name, value in row.items()} for row in rows]
    print_rows(
        listed,
        columns=tuple(listed[0]) if listed else (),
        as_json=False,
        empty="none yet",
    )


def _cell(name: str, value: object) -> object:
    if name in {"received", "sent"} and isinstance(value, int):
        return size_words(value)
    if name in dict(_SHARES):
        return _words(value)
    return value


def _words(seconds: object) -> str:
    """Milliseconds, or seconds where they are many."""
    if not isinstance(seconds, float):
        return "-"
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _quantile(share: float, bounds: tuple[float, ...], series: Series) -> float | None:
    found = quantile(share, bounds, series)
    return None if found is None else round(float(found), 6)
