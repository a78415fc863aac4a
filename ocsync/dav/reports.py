"""REPORT: search, favourites, and what changed since a sync token."""

from collections.abc import Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse

from ocsync.dav.request import DavRequest
from ocsync.problems import HttpProblem
from spaces.library import Library


@dataclass(frozen=True, slots=True)
class Reports:
    """One REPORT."""

    library: Library
    request: DavRequest

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        raise HttpProblem(403, "not yet")
