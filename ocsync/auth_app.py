"""App tokens over HTTP, as oCIS has them: `/auth-app/tokens`.

A token stands for the user in one program and is shown once, when it is made. The
list names tokens by what `DELETE` takes to revoke them.
"""

import re
from collections.abc import Mapping
from typing import Final

from werkzeug.wrappers import Response

from ocsync.endpoints import Call, Endpoints, Route, empty_response, json_response
from ocsync.problems import HttpProblem
from ocsync.renderings import Form
from ocsync.routes import Mount
from spaces.accounts import Accounts
from spaces.clock import SECOND, Clock, Instant, to_datetime
from spaces.ids import TokenId
from spaces.model import AppToken

_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_SECONDS: Final[Mapping[str, float]] = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
}
_LONGEST_SECONDS: Final = 10 * 366 * 86_400


def auth_app_mounts(*, accounts: Accounts, clock: Clock) -> tuple[Mount, ...]:
    """The mount of this module."""
    answers = _Answers(accounts=accounts, clock=clock)
    routes = (
        Route("GET", "/", answers.list_tokens),
        Route("POST", "/", answers.create),
        Route("DELETE", "/", answers.revoke),
    )
    return (
        Mount(
            prefix="/auth-app/tokens",
            app=Endpoints(routes),
            form=Form.JSON,
            is_exact=True,
        ),
    )


class _Answers:
    """The answers about the tokens of whoever asks."""

    def __init__(self, *, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    def list_tokens(self, call: Call) -> Response:
        """All tokens, without their secrets."""
        tokens = self._accounts.tokens(call.require_actor().user_id)
        return json_response([_document(token, token.id) for token in tokens])

    def create(self, call: Call) -> Response:
        """Make a token that is good for the time given."""
        actor = call.require_actor()
        expires_at = self._expiry(call.args.get("expiry", ""))
        token, secret = self._accounts.create_token(
            actor.user_id, label=call.args.get("label", ""), expires_at=expires_at
        )
        headers = {"Cache-Control": "no-store"}
        return json_response(_document(token, secret), headers=headers)

    def revoke(self, call: Call) -> Response:
        """Make a token void, named by its id or by itself."""
        actor = call.require_actor()
        wanted = call.args.get("token", "")
        if not wanted:
            raise HttpProblem(400, "The parameter token is missing")
        self._accounts.revoke_token(actor.user_id, TokenId(wanted))
        return empty_response(200)

    def _expiry(self, text: str) -> Instant:
        if not text:
            raise HttpProblem(400, "The parameter expiry is missing, such as 72h")
        parts = list(_PART.finditer(text))
        if not parts or "".join(part.group(0) for part in parts) != text:
            raise HttpProblem(400, "expiry must be a length of time, such as 72h")
        seconds = sum(float(part.group(1)) * _SECONDS[part.group(2)] for part in parts)
        if not 0 < seconds <= _LONGEST_SECONDS:
            raise HttpProblem(400, "expiry must be more than nothing, under ten years")
        return Instant(self._clock() + round(seconds * SECOND))


def _document(token: AppToken, shown: str) -> dict[str, object]:
    document: dict[str, object] = {
        "token": shown,
        "label": token.label,
        "created_date": to_datetime(token.created_at).isoformat(),
    }
    if token.expires_at is not None:
        document["expiration_date"] = to_datetime(token.expires_at).isoformat()
    return document
