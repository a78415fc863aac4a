"""What a connection needs of the server it belongs to."""

from typing import TYPE_CHECKING, Protocol
from wsgiref.types import WSGIApplication

from ocsync.server.head import HeadParser
from ocsync.server.options import Limits
from ocsync.server.response import HttpDate
from ocsync.server.scratch import Scratch
from ocsync.server.threads import Threads

if TYPE_CHECKING:
    from ocsync.server.connection import Connection


class Host(Protocol):
    """Implemented by `ocsync.server.http_server.Server`."""

    @property
    def app(self) -> WSGIApplication:
        """Answers the requests."""
        ...

    @property
    def limits(self) -> Limits:
        """Bounds on what clients may do."""
        ...

    @property
    def heads(self) -> HeadParser:
        """Parses the heads."""
        ...

    @property
    def threads(self) -> Threads:
        """The pool."""
        ...

    @property
    def date(self) -> HttpDate:
        """Makes the Date field."""
        ...

    @property
    def scratch(self) -> Scratch:
        """Where content is read to before it is sent."""
        ...

    def is_stopping(self) -> bool:
        """Whether the server was told to stop."""
        ...

    def refused(self, status: int) -> None:
        """Tell of a request that is answered without the application."""
        ...

    def release(self, connection: "Connection") -> None:
        """Take back a connection that is to end."""
        ...
