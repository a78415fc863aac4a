"""What a person does at the issuer: log in, allow a program, log out.

Forms only, no scripts. A form proves that it was ours by a token that is bound to a
cookie (log in) or to the session (everything after), so no other site can send one.
"""

import hashlib
import hmac
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Response

from ocsync.auth.login_book import LoginBook
from ocsync.endpoints import Call, Route
from ocsync.oidc.authorization import (
    AuthorizationRefused,
    AuthorizationRequest,
    Pairs,
    UntrustedRequest,
    parse_authorization,
    parse_query,
    without_login,
)
from ocsync.oidc.clients import Clients
from ocsync.oidc.keys import Keys
from ocsync.oidc.pages import consent_page, login_page, logout_page, notice_page
from spaces.accounts import Accounts
from spaces.clock import SECOND, Clock
from spaces.grant_model import Authorization, BrowserSession, GrantId
from spaces.grants import SESSION_AGE, Grants
from spaces.model import Actor
from spaces.throttle import Throttle

SESSION_COOKIE: Final = "ocsync_session"
FORM_COOKIE: Final = "ocsync_form"

_FORM_SECONDS: Final = 3600
_WRONG: Final = "That name and password do not fit together."
_EXPIRED: Final = "The form was too old, or cookies are switched off. Try again."


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Somebody with a session."""

    session: BrowserSession
    secret: str
    actor: Actor


class Browser:
    """The pages below `/oidc` and what their forms do."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        grants: Grants,
        clients: Clients,
        keys: Keys,
        throttle: Throttle,
        book: LoginBook,
        clock: Clock,
        secret: bytes,
        issuer_of: Callable[[Call], str],
    ) -> None:
        self._accounts = accounts
        self._grants = grants
        self._clients = clients
        self._keys = keys
        self._throttle = throttle
        self._book = book
        self._clock = clock
        self._secret = secret
        self._issuer_of = issuer_of

    def routes(self) -> tuple[Route, ...]:
        """Paths below the mount."""
        return (
            Route("GET", "/authorize", self.authorize),
            Route("POST", "/authorize", self.authorize),
            Route("POST", "/login", self.log_in),
            Route("POST", "/consent", self.consent),
            Route("GET", "/logout", self.log_out),
            Route("POST", "/logout", self.log_out),
        )

    def authorize(self, call: Call) -> Response:
        """Answer a client's request, or ask the person first."""
        return self._guarded(call, lambda: self._authorize(call, _parameters(call)))

    def log_in(self, call: Call) -> Response:
        """Take the login form."""
        return self._guarded(call, lambda: self._log_in(call))

    def consent(self, call: Call) -> Response:
        """Take the person's answer about a client."""
        return self._guarded(call, lambda: self._consent(call))

    def log_out(self, call: Call) -> Response:
        """End the session (OpenID Connect RP-Initiated Logout §2)."""
        return self._guarded(call, lambda: self._log_out(call))

    def _guarded(self, call: Call, answer: Callable[[], Response]) -> Response:
        """The answer, or how its refusal looks."""
        issuer = self._issuer_of(call)
        try:
            response = answer()
        except UntrustedRequest as error:
            text = f"{error}. Go back to the program and try again from there."
            return notice_page(title="This does not work", text=text, status=400)
        except AuthorizationRefused as error:
            response = _redirect(
                error.redirect_uri,
                error=error.code,
                error_description=error.message,
                state=error.state,
                iss=issuer,
            )
        if call.request.method == "GET" and response.status_code == 303:
            response.status_code = 302
        return response

    def _authorize(self, call: Call, pairs: Pairs) -> Response:
        request = parse_authorization(pairs, self._clients, call.base_url)
        visitor = self._visitor(call)
        if visitor is None or self._is_stale(visitor, request):
            if request.is_silent:
                raise request.refused("login_required", "Nobody is logged in")
            name = visitor.actor.name if visitor else request.login_hint
            return self._login_form(call, request, name=name)
        if request.client.is_ours and "consent" not in request.prompts:
            return self._allow(call, request, visitor)
        if request.is_silent:
            raise request.refused("consent_required", "The user must be asked")
        return consent_page(
            client=request.client.name,
            action=_path(call, "consent"),
            hidden=(
                ("request", request.query),
                ("token", self._token("consent", visitor.secret)),
            ),
            redirect_uri=request.redirect_uri,
            name=visitor.actor.name,
        )

    def _log_in(self, call: Call) -> Response:
        form = dict(_parameters(call))
        request = parse_authorization(
            parse_query(form.get("request", "")), self._clients, call.base_url
        )
        name = form.get("username", "").strip()
        cookie = call.request.cookies.get(FORM_COOKIE, "")
        if not cookie or not self._is_token("login", cookie, form.get("token", "")):
            return self._login_form(call, request, name=name, error=_EXPIRED)
        address = call.request.environ.get("REMOTE_ADDR", "")
        wait = self._throttle.wait_seconds(name, address)
        if wait > 0:
            self._book.throttled()
            return self._too_soon(call, request, name, wait)
        actor = self._accounts.verify_password(name, form.get("password", ""))
        if actor is None:
            self._throttle.failed(name, address)
            self._book.refused(name, method="browser")
            return self._login_form(call, request, name=name, error=_WRONG)
        self._throttle.succeeded(name, address)
        self._book.accepted(actor, method="browser")
        secret = self._grants.start_session(actor.user_id)
        query = without_login(request.query)
        response = _see_other(f"{call.base_url}/oidc/authorize?{query}")
        _set_cookie(call, response, SESSION_COOKIE, secret, SESSION_AGE // SECOND)
        return response

    def _too_soon(
        self, call: Call, request: AuthorizationRequest, name: str, wait: float
    ) -> Response:
        seconds = math.ceil(wait)
        text = f"Too many failed attempts. Wait {seconds} seconds and try again."
        response = self._login_form(call, request, name=name, error=text)
        response.status_code = 429
        response.headers["Retry-After"] = str(seconds)
        return response

    def _consent(self, call: Call) -> Response:
        form = dict(_parameters(call))
        pairs = parse_query(form.get("request", ""))
        request = parse_authorization(pairs, self._clients, call.base_url)
        visitor = self._visitor(call)
        token = form.get("token", "")
        if visitor is None or not self._is_token("consent", visitor.secret, token):
            return self._authorize(call, pairs)
        decision = form.get("decision")
        if decision == "allow":
            return self._allow(call, request, visitor)
        if decision == "switch":
            self._grants.end_session(visitor.secret)
            return self._login_form(call, request, name="")
        raise request.refused("access_denied", "The user has denied it")

    def _allow(
        self, call: Call, request: AuthorizationRequest, visitor: _Visitor
    ) -> Response:
        code = self._grants.authorize(
            Authorization(
                user_id=visitor.actor.user_id,
                client_id=request.client.id,
                redirect_uri=request.redirect_uri,
                scope=request.scope,
                nonce=request.nonce,
                challenge=request.challenge,
                authenticated_at=visitor.session.authenticated_at,
            )
        )
        issuer = self._issuer_of(call)
        return _redirect(
            request.redirect_uri, code=code, state=request.state, iss=issuer
        )

    def _log_out(self, call: Call) -> Response:
        values = dict(_parameters(call))
        hint = self._keys.verify_hint(values.get("id_token_hint", ""))
        visitor = self._visitor(call)
        is_asked = hint is not None and (
            visitor is None or hint.get("sub") == visitor.actor.user_id
        )
        if visitor is not None and not is_asked:
            token = values.get("token", "")
            if not self._is_token("logout", visitor.secret, token):
                return logout_page(
                    action=_path(call, "logout"),
                    hidden=(("token", self._token("logout", visitor.secret)),),
                )
        if hint is not None and is_asked:
            self._grants.revoke(GrantId(str(hint.get("sid", ""))))
        if visitor is not None:
            self._grants.end_session(visitor.secret)
        client_id = "" if hint is None else str(hint.get("aud", ""))
        response = self._after_logout(call, values, client_id)
        # A form on another site comes without the cookie, and shall not take it away.
        if SESSION_COOKIE in call.request.cookies:
            _set_cookie(call, response, SESSION_COOKIE, "", 0)
        return response

    def _after_logout(
        self, call: Call, values: dict[str, str], client_id: str
    ) -> Response:
        """To where the client wants, if it may want that; else a page."""
        client = self._clients.find(client_id, call.base_url)
        target = values.get("post_logout_redirect_uri", "")
        if client is not None and client.accepts_redirect(target):
            return _redirect(target, state=values.get("state"))
        return notice_page(title="Logged out", text="You can close this page.")

    def _login_form(
        self, call: Call, request: AuthorizationRequest, *, name: str, error: str = ""
    ) -> Response:
        cookie = call.request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(24)
        response = login_page(
            client=request.client.name,
            action=_path(call, "login"),
            hidden=(
                ("request", request.query),
                ("token", self._token("login", cookie)),
            ),
            redirect_uri=request.redirect_uri,
            name=name,
            error=error,
        )
        _set_cookie(call, response, FORM_COOKIE, cookie, _FORM_SECONDS)
        return response

    def _visitor(self, call: Call) -> _Visitor | None:
        secret = call.request.cookies.get(SESSION_COOKIE, "")
        session = self._grants.session(secret) if secret else None
        actor = session and self._accounts.actor(session.user_id)
        return _Visitor(session, secret, actor) if session and actor else None

    def _is_stale(self, visitor: _Visitor, request: AuthorizationRequest) -> bool:
        """Whether the person must log in again before the answer."""
        if request.wants_login:
            return True
        if request.max_age is None:
            return False
        age = self._clock() - visitor.session.authenticated_at
        return age > request.max_age * SECOND

    def _token(self, form: str, binding: str) -> str:
        message = f"oidc-form\0{form}\0{binding}".encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def _is_token(self, form: str, binding: str, token: str) -> bool:
        return hmac.compare_digest(self._token(form, binding).encode(), token.encode())


def _parameters(call: Call) -> Pairs:
    """The parameters of the query, or of the form that was sent."""
    if call.request.method == "POST":
        return parse_query(call.body().decode(errors="replace"))
    return parse_query(call.request.environ.get("QUERY_STRING", ""))


def _redirect(uri: str, **parameters: str | None) -> Response:
    """To the client, with the parameters that have a value."""
    query = urlencode({name: value for name, value in parameters.items() if value})
    mark = "&" if urlsplit(uri).query else "?"
    return _see_other(f"{uri}{mark}{query}" if query else uri)


def _see_other(location: str) -> Response:
    """303, so that what was sent to us is not sent on (RFC 9700 §4.12)."""
    response = Response(status=303)
    response.headers["Location"] = location
    response.headers["Cache-Control"] = "no-store"
    response.autocorrect_location_header = False
    return response


def _path(call: Call, page: str) -> str:
    return f"{urlsplit(call.base_url).path}/oidc/{page}"


def _set_cookie(
    call: Call, response: Response, name: str, value: str, seconds: int
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=f"{urlsplit(call.base_url).path}/oidc",
        secure=call.base_url.startswith("https:"),
        httponly=True,
        samesite="Lax",
    )
