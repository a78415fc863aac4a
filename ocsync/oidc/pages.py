"""The pages of the issuer: log in, allow, logged out, error. HTML without scripts.

Every value is escaped here, and nothing is loaded from anywhere: the one style sheet
stands in the page and is allowed by its hash. `form-action` names the redirect's
origin, since browsers apply it to the redirect that answers a form, too.
"""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8a8f98;--accent:#1d4f91;--bad:#a4161a}
@media(prefers-color-scheme:dark){:root{--accent:#8ab4f8;--bad:#ff9b9b}}
*{box-sizing:border-box}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;padding:2rem 1rem}
main{max-width:24rem;margin:6vh auto 0}
h1{font-size:1.4rem;line-height:1.25}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input,button{font:inherit;width:100%;padding:.6rem;border:1px solid var(--line)}
input,button{border-radius:.4rem}
button{margin-top:1rem;cursor:pointer;background:none;color:inherit}
button.main{background:var(--accent);border-color:var(--accent);color:Canvas}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.bad{color:var(--bad);font-weight:600}
.small{font-size:.875rem;overflow-wrap:anywhere}
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

Fields = Sequence[tuple[str, str]]


def login_page(
    *,
    client: str,
    action: str,
    hidden: Fields,
    redirect_uri: str,
    name: str,
    error: str,
) -> Response:
    """The form for name and password."""
    body = (
        f"<h1>Log in to continue to {escape(client)}</h1>"
        f"{_error(error)}"
        f'<form method="post" action="{escape(action)}">'
        f"{_hidden(hidden)}"
        '<label for="username">User name</label>'
        '<input id="username" name="username" autocomplete="username" required'
        f' autocapitalize="none" spellcheck="false" value="{escape(name)}"'
        f"{'' if name else ' autofocus'}>"
        '<label for="password">Password</label>'
        '<input id="password" name="password" type="password" required'
        f' autocomplete="current-password"{" autofocus" if name else ""}>'
        '<button class="main">Log in</button>'
        "</form>"
    )
    return _page("Log in", body, redirect_uri, status=403 if error else 200)


def consent_page(
    *, client: str, action: str, hidden: Fields, redirect_uri: str, name: str
) -> Response:
    """The question whether a program may use the account."""
    goes_to = urlsplit(redirect_uri)
    body = (
        f"<h1>Allow {escape(client)} to use your files?</h1>"
        f"<p>You are logged in as <strong>{escape(name)}</strong>. If you allow it,"
        f" {escape(client)} can read and change everything that you can, until you"
        " log it out or change your password.</p>"
        f'<p class="small">The answer goes to'
        f" {escape(goes_to.scheme)}://{escape(goes_to.netloc)}. Allow only what you"
        " have just asked for yourself.</p>"
        f'<form method="post" action="{escape(action)}">'
        f"{_hidden(hidden)}"
        '<button class="main" name="decision" value="allow">Allow</button>'
        '<button name="decision" value="deny">Deny</button>'
        '<button name="decision" value="switch">Log in as someone else</button>'
        "</form>"
    )
    return _page("Allow access", body, redirect_uri)


def logout_page(*, action: str, hidden: Fields) -> Response:
    """The question whether to log out, where nothing proves that it was asked for."""
    body = (
        "<h1>Log out?</h1>"
        f'<form method="post" action="{escape(action)}">'
        f"{_hidden(hidden)}"
        '<button class="main" name="decision" value="logout">Log out</button>'
        "</form>"
    )
    return _page("Log out", body)


def notice_page(*, title: str, text: str, status: int = 200) -> Response:
    """A page that only says something."""
    body = f"<h1>{escape(title)}</h1><p>{escape(text)}</p>"
    return _page(title, body, status=status)


def _page(
    title: str, body: str, redirect_uri: str = "", *, status: int = 200
) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        # Without an icon of its own, Firefox would ask for one that the policy forbids.
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    )
    response = Response(html, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _policy(redirect_uri)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _policy(redirect_uri: str) -> str:
    parts = urlsplit(redirect_uri)
    target = ""
    if parts.scheme in {"http", "https"}:
        target = f" {parts.scheme}://{parts.netloc}"
    elif parts.scheme:
        target = f" {parts.scheme}:"
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{_STYLE_HASH}';"
        f" form-action 'self'{target}; frame-ancestors 'none'; base-uri 'none'"
    )


def _hidden(fields: Fields) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields
    )


def _error(text: str) -> str:
    return f'<p class="bad" role="alert">{escape(text)}</p>' if text else ""
