"""The HTTP server: how sockets become WSGI calls, and how processes serve together.

It knows HTTP/1.1 and WSGI and nothing of files, spaces or uploads.
"""

from ocsync.server.in_process import ServerThread
from ocsync.server.listening import ServerError
from ocsync.server.onlooker import Onlooker
from ocsync.server.options import Limits, ServerOptions
from ocsync.server.serving import serve
from ocsync.server.worker import AppMaker, Worker

__all__ = [
    "AppMaker",
    "Limits",
    "Onlooker",
    "ServerError",
    "ServerOptions",
    "ServerThread",
    "Worker",
    "serve",
]
