"""REPORT: which report is asked, read from its body.

`DAV:sync-collection` tells what changed (RFC 6578), `oc:search-files` searches,
`oc:filter-files` lists favourites. What they answer is in modules of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from wsgiref.types import StartResponse

from ocsync.dav.locations import InSpace, Listing
from ocsync.dav.property_request import read_prop
from ocsync.dav.refusals import SUPPORTED_REPORT, ConditionProblem
from ocsync.dav.request import DavRequest
from ocsync.dav.search_reports import FavoritesReport, SearchReport
from ocsync.dav.sync_report import SyncReport, read_sync_request
from ocsync.dav.xml_body import MAX_BYTES, Element, parse_xml
from ocsync.problems import HttpProblem
from ocsync.wire.body import BoundedBody
from ocsync.wire.dav_headers import Depth
from spaces.errors import QueryRefused
from spaces.library import Library
from spaces.model import Entry

_OC: Final = "{http://owncloud.org/ns}"
_MAX_NUMBER: Final = 10**9


@dataclass(frozen=True, slots=True)
class Reports:
    """One REPORT on a folder, or on all spaces."""

    library: Library
    request: DavRequest

    def answer(self, start_response: StartResponse) -> Iterable[bytes]:
        """Read the body and answer the report it asks for.

        Raises:
            HttpProblem: the body is no report; 403 with DAV:supported-report for one
                that is not known here.
            SpacesError: the domain refuses.
        """
        data = BoundedBody(self.request.environ, limit=MAX_BYTES).read()
        if not data.strip():
            raise HttpProblem(400, "REPORT needs a body")
        root = parse_xml(data)
        match str(root.tag):
            case "{DAV:}sync-collection":
                return self._sync(root, start_response)
            case "{http://owncloud.org/ns}search-files":
                return self._search(root, start_response)
            case "{http://owncloud.org/ns}filter-files":
                return self._favorites(root, start_response)
            case name:
                raise ConditionProblem(
                    403, f"The report {name[:100]} is not known here", SUPPORTED_REPORT
                )

    def _sync(self, root: Element, start_response: StartResponse) -> Iterable[bytes]:
        if self.request.depth(Depth.ZERO) is not Depth.ZERO:
            raise HttpProblem(400, "DAV:sync-collection takes Depth 0")
        entry = self._target()
        if entry is None or not entry.node.is_folder:
            raise ConditionProblem(
                403, "Only folders in spaces have a history", SUPPORTED_REPORT
            )
        asked = read_sync_request(root)
        return SyncReport(self.library, self.request, entry, asked).answer(
            start_response
        )

    def _search(self, root: Element, start_response: StartResponse) -> Iterable[bytes]:
        search = root.find(f"{_OC}search")
        pattern = None if search is None else search.findtext(f"{_OC}pattern")
        if search is None or pattern is None:
            raise HttpProblem(400, "oc:search-files needs oc:search with oc:pattern")
        return SearchReport(
            library=self.library,
            request=self.request,
            target=self._target(),
            wanted=read_prop(root.find("{DAV:}prop")),
            pattern=pattern,
            limit=_number(search, "limit"),
            offset=_number(search, "offset"),
        ).answer(start_response)

    def _favorites(
        self, root: Element, start_response: StartResponse
    ) -> Iterable[bytes]:
        rules = root.find(f"{_OC}filter-rules")
        names = [] if rules is None else [str(rule.tag) for rule in rules]
        if rules is None or names != [f"{_OC}favorite"]:
            raise HttpProblem(400, "oc:filter-rules: only oc:favorite can be asked")
        if (rules[0].text or "").strip() not in {"1", "true"}:
            raise HttpProblem(400, "oc:favorite: only 1 can be asked")
        return FavoritesReport(
            self.library,
            self.request,
            self._target(),
            read_prop(root.find("{DAV:}prop")),
        ).answer(start_response)

    def _target(self) -> Entry | None:
        """What the URL names; None for all spaces together.

        Raises:
            HttpProblem: 405, it is in the trash or a version.
        """
        location = self.request.location
        if location is Listing.SPACES:
            return None
        if not isinstance(location, InSpace):
            raise HttpProblem(405, "Nothing can be reported here")
        return self.library.tree.get(self.request.actor, location.place)


def _number(search: Element, name: str) -> int | None:
    text = search.findtext(f"{_OC}{name}")
    if text is None or not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise QueryRefused(f"{name} must be a number")
    return min(int(text.strip()[:12]), _MAX_NUMBER)
