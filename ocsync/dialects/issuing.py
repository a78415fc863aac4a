"""Making upload tokens, on the command line and for whoever is logged in.

A token is for a folder where its maker may write, and comes with the link that opens
the app with it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from ocsync.auth.upload_tokens import UploadGrant, UploadTokens
from ocsync.dialects.window import Document, Environ, read_json
from ocsync.problems import HttpProblem
from ocsync.settings import PulseSettings
from ocsync.wire.dates import format_iso_date
from spaces.access import Permission, require_content
from spaces.audit import AuditLog
from spaces.audit_model import Action
from spaces.catalog import Catalog
from spaces.clock import Instant, to_microseconds
from spaces.errors import SpaceNotFound
from spaces.ids import secret_id
from spaces.model import Actor, Space
from spaces.names import require_name

_MOST_AGE: Final = 366 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token, shown now and never again, and what opens the app with it."""

    token: str
    link: str
    space: Space
    grant: UploadGrant

    def document(self) -> dict[str, object]:
        """What is told of it."""
        return {
            "token": self.token,
            "link": self.link,
            "space": self.space.alias,
            "folder": "/".join(self.grant.path),
            "maxSize": self.grant.max_bytes,
            "expires": format_iso_date(self.grant.expires_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenIssuer:
    """Makes upload tokens with the settings' defaults."""

    settings: PulseSettings
    catalog: Catalog
    tokens: UploadTokens
    audit: AuditLog

    def issue(
        self,
        actor: Actor,
        *,
        server: str,
        space: str | None = None,
        folder: str | None = None,
        max_bytes: int | None = None,
        age: timedelta | None = None,
    ) -> IssuedToken:
        """Make a token on the actor's behalf; `server` is the URL the app shall use.

        Raises:
            SpaceNotFound, SpaceDisabled, Forbidden: the actor may not write there.
            NameRefused: the folder cannot be called so.
        """
        found = named_space(self.catalog, actor, space or self.settings.space)
        require_content(found, Permission.WRITE)
        path = (folder or self.settings.folder).strip("/").split("/")
        span = to_microseconds(age or self.settings.token_age)
        grant = UploadGrant(
            user_id=actor.user_id,
            space_id=found.id,
            path=tuple(map(require_name, path)),
            max_bytes=max_bytes,
            expires_at=Instant(self.tokens.now() + span),
        )
        token = self.tokens.sign(grant)
        self.audit.note(
            Action.TOKEN_ISSUED,
            actor.name,
            space_id=found.id,
            by=actor,
            detail={
                "folder": "/".join(path),
                "max_bytes": max_bytes,
                "expires": format_iso_date(grant.expires_at),
            },
        )
        link = app_link(f"{server}{self.settings.prefix}", token)
        return IssuedToken(token=token, link=link, space=found, grant=grant)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDesk:
    """`POST /uploads/tokens`: a token for whoever is logged in."""

    issuer: TokenIssuer

    def answer(self, environ: Environ) -> Document:
        """Make a token.

        Raises:
            HttpProblem, SpacesError: it cannot be made.
        """
        actor: Actor | None = environ.get("ocsync.actor")
        if environ["REQUEST_METHOD"] != "POST" or actor is None:
            raise HttpProblem(405, headers=(("Allow", "OPTIONS, POST"),))
        content = read_json(environ)
        seconds = _number(content, "expiresIn", _MOST_AGE)
        issued = self.issuer.issue(
            actor,
            server=environ["ocsync.base_url"],
            space=_text(content, "space"),
            folder=_text(content, "folder"),
            max_bytes=_number(content, "maxSize", 2**53 - 1),
            age=None if seconds is None else timedelta(seconds=seconds),
        )
        return Document(201, issued.document())


def app_link(server: str, token: str) -> str:
    """The link that opens the app, ready to record and send to the server."""
    query = {
        "mode": "upload",
        "draftId": secret_id(),
        "server": server,
        "token": token,
    }
    return f"pulsecam://?{urlencode(query)}"


def named_space(catalog: Catalog, actor: Actor, name: str | None) -> Space:
    """A space of the actor's by alias or id; without a name the personal one.

    Raises:
        SpaceNotFound: the actor has none called so.
    """
    if name is None:
        return catalog.personal(actor)
    for space in catalog.list(actor):
        if name in {space.id, space.alias}:
            return space
    raise SpaceNotFound


def _text(content: dict[str, Any], key: str) -> str | None:
    value = content.get(key)
    if value is not None and not isinstance(value, str):
        raise HttpProblem(400, f"{key} must be a text", code="invalid_request")
    return value or None


def _number(content: dict[str, Any], key: str, most: int) -> int | None:
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise HttpProblem(
            400, f"{key} must be a whole number up to {most}", code="invalid_request"
        )
    return value
