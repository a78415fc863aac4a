"""The table of metrics: names, labels, meanings. Everything else is made from it.

The layout of the shared memory, what `/metrics` says, the page in the docs, and the
tests of dashboard and alerts read this one table. Every label has a fixed set of
values, so the number of series is bounded whatever clients do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Final

OTHER: Final = "other"
"""Where a value is none of those foreseen."""


class Kind(Enum):
    """How a metric behaves, in Prometheus' words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    """Count and sum only."""


class Source(Enum):
    """Where the values come from."""

    WORKERS = "counted by the worker processes since the server was started"
    SERVER = "looked up when asked"
    STORE = "asked of the database and the store when asked"


@dataclass(frozen=True, slots=True)
class Label:
    """A dimension, and what it can be."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `buckets` are upper bounds; above the last there is one more."""

    name: str
    kind: Kind
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    source: Source = Source.WORKERS

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of its dimensions."""
        return tuple(label.name for label in self.labels)

    @property
    def cells(self) -> int:
        """Numbers that one series needs: a histogram's buckets and its sum."""
        match self.kind:
            case Kind.HISTOGRAM:
                return len(self.buckets) + 2
            case Kind.SUMMARY:
                return 2
            case _:
                return 1

    def series(self) -> Iterator[tuple[str, ...]]:
        """Every combination of label values, in a fixed order."""
        return product(*(label.values for label in self.labels))


MOST_ROUTES: Final = 96
_ROUTE_SLOTS: Final = tuple(str(number) for number in range(MOST_ROUTES))

METHODS: Final = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "SEARCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "OTHER",
)
STATUSES: Final = ("1xx", "2xx", "3xx", "4xx", "5xx")
DIALECTS: Final = (
    "ocis",
    "plain",
    "ietf",
    "pulse",
    "omegastream",
    "picora",
    "oc-chunked",
    OTHER,
)
BLOB_STEPS: Final = ("open", "stage", "flush", "seal", "remove")
SWEPT_KINDS: Final = (
    "uploads",
    "locks",
    "trash",
    "nodes",
    "versions",
    "changes",
    "blobs",
    "stray files",
    "audit",
    OTHER,
)
REFUSED: Final = ("400", "408", "413", "414", "417", "431", "501", "503", "505", OTHER)

_ROUTE: Final = Label("route", _ROUTE_SLOTS)
"""In memory a route is a number; its name is that of a mount (`ocsync.routes`)."""
_METHOD: Final = Label("method", METHODS)
_DIALECT: Final = Label("dialect", DIALECTS)

_REQUEST_SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0),
)
_STEP_SECONDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
)

REQUESTS: Final = Metric(
    name="ocsync_http_requests_total",
    kind=Kind.COUNTER,
    help="Requests answered, by the class of their status.",
    labels=(_ROUTE, _METHOD, Label("status", STATUSES)),
)
REQUEST_SECONDS: Final = Metric(
    name="ocsync_http_request_duration_seconds",
    kind=Kind.HISTOGRAM,
    help="Time from the end of a request's head to the end of its answer.",
    labels=(_ROUTE, _METHOD),
    buckets=_REQUEST_SECONDS,
)
RECEIVED: Final = Metric(
    name="ocsync_http_received_bytes_total",
    kind=Kind.COUNTER,
    help="Bytes of request bodies that were read.",
    labels=(_ROUTE, _METHOD),
)
SENT: Final = Metric(
    name="ocsync_http_sent_bytes_total",
    kind=Kind.COUNTER,
    help="Bytes of the bodies of answers.",
    labels=(_ROUTE, _METHOD),
)
REFUSED_REQUESTS: Final = Metric(
    name="ocsync_http_refused_requests_total",
    kind=Kind.COUNTER,
    help="Requests refused before they reached a route: malformed, late, too many.",
    labels=(Label("code", REFUSED),),
)
CONNECTIONS: Final = Metric(
    name="ocsync_server_connections",
    kind=Kind.GAUGE,
    help="Open connections, sampled twice a second.",
)
THREADS: Final = Metric(
    name="ocsync_server_threads",
    kind=Kind.GAUGE,
    help="Request threads: at work, waiting for a slow client, or idle; sampled.",
    labels=(Label("state", ("working", "waiting", "idle")),),
)
QUEUED: Final = Metric(
    name="ocsync_server_queued_requests",
    kind=Kind.GAUGE,
    help="Connections with a request that wait for a thread; sampled.",
)
TAKE_OVERS: Final = Metric(
    name="ocsync_upload_take_overs_total",
    kind=Kind.COUNTER,
    help="Uploads whose writer was replaced by another request before it had ended.",
    labels=(_DIALECT,),
)
MISMATCHES: Final = Metric(
    name="ocsync_checksum_failures_total",
    kind=Kind.COUNTER,
    help="Checksums that were not met: of a chunk, or of a whole file.",
    labels=(Label("content", ("chunk", "file")),),
)
LOGINS: Final = Metric(
    name="ocsync_logins_total",
    kind=Kind.COUNTER,
    help="Attempts to log in with a password or app token that had to be verified.",
    labels=(Label("result", ("ok", "failed", "throttled")),),
)
TURN_SECONDS: Final = Metric(
    name="ocsync_database_lock_wait_seconds",
    kind=Kind.HISTOGRAM,
    help="How long writers waited for their turn to write.",
    buckets=_STEP_SECONDS,
)
COMMIT_SECONDS: Final = Metric(
    name="ocsync_database_commit_duration_seconds",
    kind=Kind.HISTOGRAM,
    help="How long transactions that write took, their commit included.",
    buckets=_STEP_SECONDS,
)
COMMIT_JOBS: Final = Metric(
    name="ocsync_database_commit_jobs",
    kind=Kind.HISTOGRAM,
    help="How many changes shared one commit.",
    buckets=(1, 2, 4, 8, 16, 32, 64),
)
READ_SECONDS: Final = Metric(
    name="ocsync_database_read_duration_seconds",
    kind=Kind.SUMMARY,
    help="Transactions that read, and how long they were open.",
)
BLOB_SECONDS: Final = Metric(
    name="ocsync_blob_duration_seconds",
    kind=Kind.HISTOGRAM,
    help="How long the store took to open, stage, flush, seal and remove content.",
    labels=(Label("operation", BLOB_STEPS),),
    buckets=_STEP_SECONDS,
)
SWEEPS: Final = Metric(
    name="ocsync_sweeper_duration_seconds",
    kind=Kind.SUMMARY,
    help="Rounds of the sweeper, and how long they took.",
)
SWEEP_FAILURES: Final = Metric(
    name="ocsync_background_failures_total",
    kind=Kind.COUNTER,
    help="Rounds of a background job that ended with an error.",
    labels=(Label("task", ("sweep", "hashing")),),
)
SWEPT: Final = Metric(
    name="ocsync_sweeper_collected_total",
    kind=Kind.COUNTER,
    help="What the sweeper has cleared away.",
    labels=(Label("kind", SWEPT_KINDS),),
)
HASHED: Final = Metric(
    name="ocsync_checksums_completed_total",
    kind=Kind.COUNTER,
    help="Contents whose MD5 and SHA-256 were added afterwards.",
)
WORKER_STARTS: Final = Metric(
    name="ocsync_worker_starts_total",
    kind=Kind.COUNTER,
    help="Worker processes started; grows beyond their number when one had to be"
    " started again.",
)

WORKERS: Final = Metric(
    name="ocsync_workers",
    kind=Kind.GAUGE,
    help="Worker processes that are alive.",
    source=Source.SERVER,
)
MEMORY: Final = Metric(
    name="ocsync_resident_memory_bytes",
    kind=Kind.GAUGE,
    help="Memory of all worker processes; pages that they share count for each.",
    source=Source.SERVER,
)
STARTED: Final = Metric(
    name="ocsync_start_time_seconds",
    kind=Kind.GAUGE,
    help="When the server was started, in seconds since 1970.",
    source=Source.SERVER,
)
BUILD: Final = Metric(
    name="ocsync_build_info",
    kind=Kind.GAUGE,
    help="1, with the version as a label.",
    labels=(Label("version", ()),),
    source=Source.SERVER,
)

UPLOADS: Final = Metric(
    name="ocsync_open_uploads",
    kind=Kind.GAUGE,
    help="Uploads that are not finished: receiving now, waiting for more, or"
    " complete and not finished yet.",
    labels=(_DIALECT, Label("state", ("receiving", "waiting", "complete"))),
    source=Source.STORE,
)
HASH_QUEUE: Final = Metric(
    name="ocsync_hash_queue_length",
    kind=Kind.GAUGE,
    help="Contents that still lack MD5 or SHA-256; counted up to 100000.",
    source=Source.STORE,
)
SPACES: Final = Metric(
    name="ocsync_spaces",
    kind=Kind.GAUGE,
    help="Spaces.",
    labels=(
        Label("kind", ("personal", "project")),
        Label("state", ("enabled", "disabled")),
    ),
    source=Source.STORE,
)
USED: Final = Metric(
    name="ocsync_stored_bytes",
    kind=Kind.GAUGE,
    help="Size of all current files in all spaces; versions and trash not included.",
    source=Source.STORE,
)
FREE: Final = Metric(
    name="ocsync_free_bytes",
    kind=Kind.GAUGE,
    help="Room left for content; missing where the store cannot tell.",
    source=Source.STORE,
)

METRICS: Final = (
    REQUESTS,
    REQUEST_SECONDS,
    RECEIVED,
    SENT,
    REFUSED_REQUESTS,
    CONNECTIONS,
    THREADS,
    QUEUED,
    TAKE_OVERS,
    MISMATCHES,
    LOGINS,
    TURN_SECONDS,
    COMMIT_SECONDS,
    COMMIT_JOBS,
    READ_SECONDS,
    BLOB_SECONDS,
    SWEEPS,
    SWEEP_FAILURES,
    SWEPT,
    HASHED,
    WORKER_STARTS,
    WORKERS,
    MEMORY,
    STARTED,
    BUILD,
    UPLOADS,
    HASH_QUEUE,
    SPACES,
    USED,
    FREE,
)
"""Every metric there is."""
