"""The OCS API: capabilities, the user, the key that signs URLs.

`/ocs/v1.php` and `/ocs/v2.php` answer alike but for their envelopes. The id of a user
is the account's name here, and never changes: clients log out when it does.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Endpoints, Route
from ocsync.ocs.capabilities import Features, capabilities
from ocsync.ocs.envelope import Data, failure, success, wrap
from ocsync.problems import HttpProblem, describe
from ocsync.renderings import Form
from ocsync.routes import Access, Mount
from spaces.errors import SpacesError, UserNotFound
from spaces.library import Library
from spaces.model import Actor, Quota, User

_MISCOUNTING: Final = "mirall/2."
_VERSIONS: Final = "/<any('v1.php','v2.php'):version>"


def ocs_mounts(
    *,
    library: Library,
    features: Features,
    signing_key: Callable[[Actor], str],
) -> tuple[Mount, ...]:
    """Everything below `/ocs`.

    `signing_key` gives the key with which a user signs download URLs.
    """
    answers = _Answers(library=library, features=features, signing_key=signing_key)
    return (
        Mount(
            prefix="/ocs",
            app=Endpoints(
                (
                    _route("/config", answers.config),
                    _route("/cloud/capabilities", answers.capabilities),
                    _route("/cloud/user", answers.own_user),
                    _route("/cloud/user/signing-key", answers.signing_key),
                    _route("/cloud/users/<name>", answers.user),
                )
            ),
            form=Form.OCS,
            access=Access.OPTIONAL,
        ),
    )


def _route(path: str, answer: Callable[..., Data]) -> Route:
    def respond(call: Call, version: str, **variables: str) -> Response:
        as_json = call.args.get("format", "").lower() == "json"
        try:
            data = answer(call, **variables)
        except (SpacesError, HttpProblem) as error:
            problem = describe(error)
            if problem.status == 401:
                raise  # the middleware knows which challenges to send
            return wrap(failure(version, problem), [], as_json=as_json)
        return wrap(success(version), data, as_json=as_json)

    return Route("GET", _VERSIONS + path, respond)


class _Answers:
    """The `data` of each answer."""

    def __init__(
        self,
        *,
        library: Library,
        features: Features,
        signing_key: Callable[[Actor], str],
    ) -> None:
        self._library = library
        self._features = features
        self._signing_key = signing_key

    def config(self, call: Call) -> Data:
        """What clients of the API's first days read."""
        return {
            "version": "1.7",
            "website": str(self._features.status["productname"]),
            "host": call.host,
            "contact": "",
            "ssl": "true" if call.base_url.startswith("https:") else "false",
        }

    def capabilities(self, call: Call) -> Data:
        """What the server can do."""
        call.require_actor()
        agent = call.request.headers.get("User-Agent", "")
        return capabilities(_as_seen_by(agent, self._features), host=call.host)

    def own_user(self, call: Call) -> Data:
        """Who is logged in, in the few fields that every client reads."""
        actor = call.require_actor()
        user = self._library.accounts.by_id(actor.user_id)
        return {
            "id": user.name,
            "display-name": user.display_name,
            "displayname": user.display_name,
            "email": user.mail,
            "user-type": "Member",
            "language": "en",
        }

    def user(self, call: Call, name: str) -> Data:
        """An account with its quota, for itself and for administrators."""
        actor = call.require_actor()
        if actor.name != name and not actor.is_admin:
            raise UserNotFound
        user = self._library.accounts.get(name)
        return {
            "enabled": "false" if user.disabled_at is not None else "true",
            "id": user.name,
            "display-name": user.display_name,
            "displayname": user.display_name,
            "email": user.mail,
            "quota": _quota(self._quota_of(user)),
        }

    def signing_key(self, call: Call) -> Data:
        """The key for signing download URLs."""
        actor = call.require_actor()
        return {"user": actor.name, "signing-key": self._signing_key(actor)}

    def _quota_of(self, user: User) -> Quota:
        owner = Actor(user.id, user.name)
        return self._library.catalog.personal(owner).quota


def _as_seen_by(agent: str, features: Features) -> Features:
    """The features for this client, whose faults are known.

    The desktop 2.x takes what is left of a file to be its size less twice the offset.
    Half-way through a file of an even number of chunks that is nothing, and it sends
    empty chunks for ever. Hardly any file is an even number of chunks of an odd size:
    so that is what it is told.
    """
    if _MISCOUNTING not in agent or features.tus is None:
        return features
    size = features.tus.max_chunk_size
    size -= 1 - size % 2
    return replace(features, tus=replace(features.tus, max_chunk_size=size))


def _quota(quota: Quota) -> Data:
    """Quota as ownCloud 10 words it: -3 where there is no limit."""
    if quota.total is None:
        return {"free": -3, "used": quota.used, "total": -3, "relative": 0}
    relative = round(100 * quota.used / quota.total, 2) if quota.total else 100
    return {
        "free": quota.remaining,
        "used": quota.used,
        "total": quota.total,
        "relative": relative,
        "definition": "default",
    }
