"""The Libre Graph API: one table of URLs for both of its versions.

Desktop and mobile clients call `v1.0`, ownCloud Web calls `v1beta1` for drives; both
answer everything.
"""

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Endpoints, Route, json_response
from ocsync.graph.documents import Version
from ocsync.graph.drives import Drives
from ocsync.graph.members import Members
from ocsync.graph.openapi import openapi_document
from ocsync.graph.users import Users
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from spaces.library import Library


def graph_mounts(*, library: Library) -> tuple[Mount, ...]:
    """Everything below `/graph`."""
    routes = [Route("GET", "/openapi.json", _openapi)]
    for version in Version:
        for part in (
            Drives(library=library, version=version),
            Members(library=library, version=version),
            Users(library=library, version=version),
        ):
            routes += [
                Route(route.method, f"/{version.value}{route.path}", route.answer)
                for route in part.routes()
            ]
    return (
        Mount(
            prefix="/graph",
            app=Endpoints(routes),
            form=Form.GRAPH,
            access=Access.REQUIRED,
        ),
    )


def _openapi(call: Call) -> Response:
    return json_response(openapi_document(call.base_url))
