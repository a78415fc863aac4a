"""The settings of the service: where it listens, whom it trusts, what it logs.

What the stored data is subject to stands in `ocsync.settings.content`.
"""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ocsync.settings.declare import setting
from ocsync.settings.quantities import (
    Network,
    parse_base_url,
    parse_between,
    parse_choice,
    parse_duration,
    parse_networks,
    parse_optional_duration,
    parse_optional_path,
    parse_optional_text,
    parse_origins,
    parse_secret,
    parse_size,
    parse_switch,
    parse_text,
    parse_words,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Listening, processes and threads, bounds of time and size per request."""

    host: str = setting(
        "127.0.0.1",
        parse=parse_text,
        env="OCSYNC_HOST",
        help="Address to listen on; 0.0.0.0 or :: for every network.",
    )
    port: int = setting(
        9200,
        parse=parse_between(0, 65535),
        env="OCSYNC_PORT",
        help="TCP port to listen on; 0 takes a free one and prints it.",
    )
    unix_socket: Path | None = setting(
        None,
        parse=parse_optional_path,
        env="OCSYNC_UNIX_SOCKET",
        help="Listen on this unix socket instead of host and port.",
    )
    url: str | None = setting(
        None,
        parse=parse_base_url,
        env="OCSYNC_URL",
        help=(
            "Public base URL, as clients type it. Needed as soon as anyone but this"
            " machine uses the server; absolute URLs in answers are made from it."
        ),
    )
    hosts: tuple[str, ...] = setting(
        (),
        parse=parse_words,
        env="OCSYNC_HOSTS",
        help=(
            "Host names that requests may name in their Host header as long as `url`"
            " is not set, beside loopback names and the address listened on."
        ),
    )
    trusted_proxies: tuple[Network, ...] = setting(
        (),
        parse=parse_networks,
        env="OCSYNC_TRUSTED_PROXIES",
        help=(
            "Addresses of reverse proxies whose Forwarded and X-Forwarded-* headers"
            " are believed. A proxy on the unix socket is always one of them."
        ),
    )
    workers: int = setting(
        0,
        parse=parse_between(0, 256),
        env="OCSYNC_WORKERS",
        help="Worker processes; 0 means one for each processor core.",
    )
    threads: int = setting(
        64,
        parse=parse_between(1, 4096),
        env="OCSYNC_THREADS",
        help="Threads in each worker process: requests it serves at the same time.",
    )
    backlog: int = setting(
        1024,
        parse=parse_between(1, 65535),
        env="OCSYNC_BACKLOG",
        help="Connections the system may queue before a worker takes them.",
    )
    max_threads: int = setting(
        512,
        parse=parse_between(1, 65_536),
        env="OCSYNC_MAX_THREADS",
        help="Threads including those that wait for a slow client amid a request.",
    )
    max_connections: int = setting(
        20_000,
        parse=parse_between(1, 1_000_000),
        env="OCSYNC_MAX_CONNECTIONS",
        help="Open connections in each worker; beyond it the longest idle are closed.",
    )
    tls_cert: Path | None = setting(
        None,
        parse=parse_optional_path,
        env="OCSYNC_TLS_CERT",
        help="Certificate chain (PEM) to serve https with; needs `tls_key` too.",
    )
    tls_key: Path | None = setting(
        None,
        parse=parse_optional_path,
        env="OCSYNC_TLS_KEY",
        help="Private key (PEM) of the certificate.",
    )
    stop_grace: timedelta = setting(
        timedelta(seconds=10),
        parse=parse_duration,
        env="OCSYNC_STOP_GRACE",
        help="How long running requests may go on after the server is told to stop.",
    )
    keep_alive: timedelta = setting(
        timedelta(seconds=75),
        parse=parse_duration,
        env="OCSYNC_KEEP_ALIVE",
        help="How long an idle connection is kept open for the next request.",
    )
    header_timeout: timedelta = setting(
        timedelta(seconds=20),
        parse=parse_duration,
        env="OCSYNC_HEADER_TIMEOUT",
        help="How long a client may take to send a request's head.",
    )
    body_timeout: timedelta = setting(
        timedelta(seconds=30),
        parse=parse_duration,
        env="OCSYNC_BODY_TIMEOUT",
        help="How long a client may send nothing in the middle of a request body.",
    )
    send_timeout: timedelta = setting(
        timedelta(seconds=60),
        parse=parse_duration,
        env="OCSYNC_SEND_TIMEOUT",
        help="How long a client may take nothing in the middle of an answer.",
    )
    max_header_size: int = setting(
        64 * 1024,
        parse=parse_size,
        env="OCSYNC_MAX_HEADER_SIZE",
        help="The largest head of a request.",
    )

    @property
    def has_tls(self) -> bool:
        """Whether the server itself speaks https."""
        return self.tls_cert is not None

    @property
    def listens_everywhere(self) -> bool:
        """Whether it takes connections at every address of the machine."""
        return self.host in {"", "*", "0.0.0.0", "::"}  # noqa: S104


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is written to standard error."""

    format: str = setting(
        "text",
        parse=parse_choice("text", "json"),
        env="OCSYNC_LOG_FORMAT",
        help="`text` for people, `json` for one JSON object per line.",
    )
    level: str = setting(
        "info",
        parse=parse_choice("debug", "info", "warning", "error"),
        env="OCSYNC_LOG_LEVEL",
        help="The least severe messages to write: debug, info, warning or error.",
    )
    access: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_LOG_ACCESS",
        help="Write one line for each request.",
    )
    slow_request: timedelta | None = setting(
        timedelta(seconds=2),
        parse=parse_optional_duration,
        env="OCSYNC_LOG_SLOW_REQUEST",
        help=(
            "Requests that keep the server itself busy for so long get a line that"
            " says where the time went; waiting for the client does not count."
            " `never` writes none."
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Who may come in, and how they prove who they are."""

    basic: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_BASIC_AUTH",
        help="Accept passwords and app tokens by HTTP Basic authentication.",
        foreign_env=("PROXY_ENABLE_BASIC_AUTH",),
    )
    admin_name: str = setting(
        "admin",
        parse=parse_text,
        env="OCSYNC_ADMIN_NAME",
        help="Name of the account that the first start makes.",
    )
    admin_password: str | None = setting(
        None,
        parse=parse_secret,
        env="OCSYNC_ADMIN_PASSWORD",
        help=(
            "Password of that account, read at the first start only. Without it one"
            " is generated, printed once, and kept by nobody."
        ),
        is_secret=True,
    )
    jwt_secret: str | None = setting(
        None,
        parse=parse_secret,
        env="OCSYNC_JWT_SECRET",
        help=(
            "Secret that signs upload and download URLs, the same on every machine"
            " that serves the same data. Without it the one in the data folder."
        ),
        is_secret=True,
    )
    former_jwt_secrets: tuple[str, ...] = setting(
        (),
        parse=parse_words,
        env="OCSYNC_FORMER_JWT_SECRETS",
        help=(
            "Earlier secrets: they sign nothing any more, but URLs that they signed"
            " stay good until they expire."
        ),
        is_secret=True,
    )
    oidc_embedded: bool = setting(
        default=True,
        parse=parse_switch,
        env="OCSYNC_OIDC_EMBEDDED",
        help="Be an OpenID Connect issuer, which today's desktop and web apps need.",
    )
    oidc_issuer: str | None = setting(
        None,
        parse=parse_base_url,
        env="OCSYNC_OIDC_ISSUER",
        help="Accept access tokens of this OpenID Connect issuer instead of our own.",
    )
    oidc_audience: str | None = setting(
        None,
        parse=parse_optional_text,
        env="OCSYNC_OIDC_AUDIENCE",
        help="Audience that tokens of the external issuer must name.",
    )
    oidc_client_id: str = setting(
        "web",
        parse=parse_text,
        env="OCSYNC_OIDC_CLIENT_ID",
        help="Client id under which the web page logs in.",
    )
    oidc_name_claim: str = setting(
        "preferred_username",
        parse=parse_text,
        env="OCSYNC_OIDC_NAME_CLAIM",
        help="Claim of the external issuer that becomes the account's name.",
    )
    oidc_provision: bool = setting(
        default=False,
        parse=parse_switch,
        env="OCSYNC_OIDC_PROVISION",
        help="Make an account for whoever the external issuer vouches for.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorsSettings:
    """Which web pages of other origins may call the server."""

    origins: tuple[str, ...] = setting(
        (),
        parse=parse_origins,
        env="OCSYNC_CORS_ORIGINS",
        help=(
            "Web origins whose pages may call the API. tus uploads need no entry: they"
            " answer every origin, without credentials."
        ),
    )
