"""A server in a thread of this process, for tests and for embedding."""

import os
import threading
from types import TracebackType
from typing import Self
from wsgiref.types import WSGIApplication

from ocsync.server.http_server import Server
from ocsync.server.listening import open_listeners
from ocsync.server.options import ServerOptions


class ServerThread:
    """Serves from construction to `stop`; the port is known and open at once."""

    def __init__(
        self, app: WSGIApplication, *, options: ServerOptions | None = None
    ) -> None:
        options = ServerOptions(port=0) if options is None else options
        listeners = open_listeners(options, dict(os.environ))
        address = listeners[0].getsockname()
        self.port: int = address[1] if isinstance(address, tuple) else 0
        """Where it listens; 0 on a Unix socket."""
        self.server = Server(app=app, options=options, listeners=listeners)
        self.server.prepare()
        self._thread = threading.Thread(target=self.server.serve, name="server")
        self._thread.start()

    def stop(self) -> None:
        """Let running requests end within the grace, and return when all is closed."""
        self.server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return itself; leaving the block stops it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()
