"""What an operator can choose about the server, as one frozen value.

It knows nothing of settings files or the environment: the command line maps its
settings to these fields.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on what a client may send, and for how long it may take."""

    target_bytes: int = 16 * 1024
    head_bytes: int = 64 * 1024
    fields: int = 128
    head_seconds: float = 20.0
    """For the whole head of a request, from its first byte to its last."""
    idle_seconds: float = 75.0
    """Between two requests on one connection."""
    read_seconds: float = 30.0
    """Without a single byte of a body that is not complete."""
    write_seconds: float = 60.0
    """Without the client taking a single byte of an answer."""
    minimum_rate: int = 256
    """Bytes per second that a body must bring, over `rate_window_seconds`."""
    rate_window_seconds: float = 30.0
    """Of waiting for one body; the server's own work does not count."""
    drain_bytes: int = 1024 * 1024
    """Of a body nobody read, up to which the connection is kept by reading it."""
    drain_seconds: float = 1.0
    linger_bytes: int = 256 * 1024 * 1024
    """Thrown away after an early answer, before the connection is closed hard."""
    linger_seconds: float = 5.0
    last_linger_seconds: float = 1.0
    """When the server stops: clients that still send have so long to read why."""
    connections: int = 20_000
    """Open at once in one worker; beyond it the longest idle ones are closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where to listen, with how many workers, and within which bounds."""

    host: str = "127.0.0.1"
    port: int = 9200
    unix_socket: Path | None = None
    """Listen on this path instead of a port."""
    unix_socket_mode: int = 0o660
    certificate: Path | None = None
    """PEM file with the certificate chain; with it the server speaks TLS only."""
    private_key: Path | None = None
    """PEM file; None when the key is in the certificate's file."""
    data_directory: Path | None = None
    """Locked while the server runs, so that no second one uses it."""
    workers: int = 1
    """Processes; one means: serve in this very process, without forking."""
    threads: int = 64
    """Requests that one worker works on at once."""
    most_threads: int = 512
    """Including those that wait for a slow client in the middle of a request."""
    backlog: int = 1024
    grace_seconds: float = 10.0
    """For requests that are running when the server is told to stop."""
    keep_alive_linger_seconds: float = 0.002
    """A thread waits so long for the next request before it lets go."""
    limits: Limits = field(default_factory=Limits)
