"""Where things are: webfinger, the configuration of ownCloud Web, apps, links.

All of it is for everybody, and says nothing about anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Endpoints, Route, empty_response, json_response
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from spaces.ids import ResourceId

ISSUER_REL: Final = "http://openid.net/specs/connect/1.0/issuer"
INSTANCE_REL: Final = "http://webfinger.owncloud/rel/server-instance"

_MAX_RESOURCE: Final = 2048


@dataclass(frozen=True, slots=True)
class WebLogin:
    """How ownCloud Web logs in: which issuer, as which client."""

    issuer_of: Callable[[Call], str | None]
    client_id: str


def discovery_mounts(*, login: WebLogin) -> tuple[Mount, ...]:
    """The mounts of this module."""
    answers = _Answers(login)
    return (
        _mount("/.well-known/webfinger", answers.webfinger, any_origin=True),
        _mount("/config.json", answers.web_config),
        _mount("/app/list", answers.apps),
        _mount("/index.php/settings/personal", answers.app_tokens),
        Mount(
            prefix="/f",
            app=Endpoints((Route("GET", "/<resource>", answers.private_link),)),
            form=Form.TEXT,
            access=Access.IGNORED,
        ),
    )


class _Answers:
    """The answers, each to one URL."""

    def __init__(self, login: WebLogin) -> None:
        self._login = login

    def webfinger(self, call: Call) -> Response:
        """Which issuer and server are there for the resource (RFC 7033 §4.2)."""
        resource = call.args.get("resource", "")
        if not resource or len(resource) > _MAX_RESOURCE:
            raise HttpProblem(400, "The parameter resource is missing")
        issuer = self._login.issuer_of(call)
        links: list[dict[str, object]] = []
        if issuer is not None:
            links.append({"rel": ISSUER_REL, "href": issuer})
        links.append({"rel": INSTANCE_REL, "href": call.base_url})
        wanted = call.request.args.getlist("rel")
        if wanted:
            links = [link for link in links if link["rel"] in wanted]
        response = json_response({"subject": resource, "links": links})
        response.content_type = "application/jrd+json; charset=utf-8"
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    def web_config(self, call: Call) -> Response:
        """What ownCloud Web reads before anything else."""
        document: dict[str, object] = {
            "server": call.base_url,
            "options": {},
            "apps": [],
            "external_apps": [],
        }
        issuer = self._login.issuer_of(call)
        if issuer is not None:
            document["openIdConnect"] = {
                "metadata_url": f"{issuer}/.well-known/openid-configuration",
                "authority": issuer,
                "client_id": self._login.client_id,
                "response_type": "code",
                "scope": "openid profile email",
            }
        return json_response(document)

    def apps(self, call: Call) -> Response:  # noqa: ARG002
        """No application opens files here; clients want to hear it in a list."""
        return json_response({"mime-types": []})

    def app_tokens(self, call: Call) -> Response:
        """Where the desktop client's login window sends people for an app password."""
        return empty_response(302, {"Location": f"{call.base_url}/#/tokens"})

    def private_link(self, call: Call, resource: str) -> Response:
        """Show the file in the web page, which asks who may see it."""
        try:
            ResourceId.parse(resource)
        except ValueError:
            raise HttpProblem(404, "This link leads nowhere") from None
        target = f"{call.base_url}/#/f/{quote(resource, safe='$!')}"
        return empty_response(302, {"Location": target})


def _mount(
    prefix: str, answer: Callable[[Call], Response], *, any_origin: bool = False
) -> Mount:
    return Mount(
        prefix=prefix,
        app=Endpoints((Route("GET", "/", answer),)),
        form=Form.JSON,
        access=Access.IGNORED,
        is_exact=True,
        any_origin=any_origin,
    )
