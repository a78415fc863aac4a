"""The server of one process: cheroot's, with our own connections and threads.

cheroot gives the life of the server and of its worker threads; how sockets are read,
what a request may look like and how an answer is framed is ours.
"""

import logging
import socket
from collections.abc import Iterable
from typing import Final
from wsgiref.types import WSGIApplication

from cheroot.server import HTTPServer

from ocsync.server.acceptor import Acceptor
from ocsync.server.channel import Channel
from ocsync.server.connection import Connection
from ocsync.server.connections import Connections
from ocsync.server.environ import environ_template
from ocsync.server.head import HeadParser
from ocsync.server.leading import Leading
from ocsync.server.load import LoadBoard
from ocsync.server.onlooker import NOBODY, Onlooker
from ocsync.server.options import Limits, ServerOptions
from ocsync.server.response import HttpDate
from ocsync.server.scratch import Scratch
from ocsync.server.threads import Threads
from ocsync.server.tls import TlsTransport, load_context
from ocsync.server.transport import PlainTransport, Transport
from ocsync.server.waking import ThreadWakers

_LOG: Final = logging.getLogger("ocsync.server")
_THREADS_END_SECONDS: Final = 1.0


class Server(HTTPServer):
    """Serves one application on sockets that listen already."""

    def __init__(
        self,
        *,
        app: WSGIApplication,
        options: ServerOptions,
        listeners: Iterable[socket.socket],
        board: LoadBoard | None = None,
        index: int = 0,
        is_multiprocess: bool = False,
        onlooker: Onlooker = NOBODY,
    ) -> None:
        listeners = list(listeners)
        board = LoadBoard(workers=1) if board is None else board
        self._address = _name_of(listeners[0].getsockname())
        super().__init__(self._address, None)
        self.app = app
        self.limits: Limits = options.limits
        self.heads = HeadParser(limits=options.limits)
        self.date = HttpDate()
        self.scratch = Scratch()
        self.requests = self.threads = Threads(
            self, threads=options.threads, most_threads=options.most_threads
        )
        self._options = options
        self._wakers = ThreadWakers()
        self._tls = load_context(options)
        self._is_multiprocess = is_multiprocess
        self._is_stopping = False
        self._onlooker = onlooker
        self.connections = Connections(
            board=board, index=index, most=options.limits.connections
        )
        self._leading = Leading(
            connections=self.connections,
            dispatch=self.process_conn,
            appoint=self.threads.put_urgent,
            interval=self.expiration_interval,
            tick=self._tell_vitals,
        )
        self._leading.acceptor = Acceptor(
            listeners=listeners,
            selector=self.connections.selector,
            board=board,
            index=index,
            welcome=self._welcome,
            relieve=self.connections.relieve,
        )

    def is_stopping(self) -> bool:
        """Whether the server was told to stop."""
        return self._is_stopping

    def prepare(self) -> None:
        """Begin to take part: from here on connections are accepted."""
        self.ready = True
        self._leading.start()

    def serve(self) -> None:
        """Watch over the threads until `stop` was called and everything has ended."""
        self._leading.watch()
        self.ready = False
        self.threads.stop(_THREADS_END_SECONDS)
        self.connections.close()

    def stop(self) -> None:
        """Tell the server to come to an end; for any thread and signal handlers."""
        self._is_stopping = True
        self._leading.drain(self._options.grace_seconds)

    def stop_at_end_of(self, fileno: int) -> None:
        """Stop when the other end of this pipe is closed, as by its process's end."""
        self.connections.call_at_end_of(fileno, self.stop)

    def put_conn(self, conn: Connection) -> None:
        """Take back a connection that waits for its next request."""
        if conn.is_ready:
            self.threads.put(conn)
        else:
            self.connections.watch(conn)

    def process_conn(self, conn: Connection) -> None:
        """Give a connection that has something to say to a thread."""
        self.threads.put(conn)

    def refused(self, status: int) -> None:
        """Tell of a request that the application does not see."""
        self._onlooker.refused(status)

    def release(self, connection: Connection) -> None:
        """Take back a connection that is to end."""
        if connection.needs_linger:
            connection.linger()
            self.connections.watch(connection)
        else:
            self.connections.end(connection)

    def error_log(
        self, msg: str = "", level: int = logging.INFO, traceback: bool = False
    ) -> None:
        """Log what cheroot has to say."""
        _LOG.log(level, "%s", msg, exc_info=traceback)

    def _tell_vitals(self) -> None:
        threads = self.threads.load()
        self._onlooker.vitals(
            connections=len(self.connections),
            working=threads.working,
            waiting=threads.waiting,
            idle=threads.idle,
            queued=threads.queued,
        )

    def _welcome(self, sock: socket.socket, peer: object) -> None:
        """Make a connection of an accepted socket."""
        client = _name_of(peer)
        linger = self._options.keep_alive_linger_seconds
        transport: Transport
        if self._tls is None:
            transport = PlainTransport(sock, linger_seconds=linger)
        else:
            transport = TlsTransport(sock, self._tls, linger_seconds=linger)
        channel = Channel(
            transport,
            threads=self.threads,
            wakers=self._wakers,
            limits=self.limits,
            take_time=self._leading.step_back,
        )
        template = environ_template(
            server=self._address,
            client=client,
            is_tls=self._tls is not None,
            is_multiprocess=self._is_multiprocess,
        )
        self.connections.add(
            Connection(host=self, channel=channel, template=template, address=client)
        )


def _name_of(address: object) -> tuple[str, int]:
    """Host and port; a Unix socket has its path, or nothing, for a host."""
    if isinstance(address, tuple):
        return str(address[0]), int(address[1])
    return (address if isinstance(address, str) else ""), 0
