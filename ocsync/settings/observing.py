"""The settings by which others look on: metrics and traces."""

from dataclasses import dataclass

from ocsync.settings.declare import setting
from ocsync.settings.quantities import (
    parse_base_url,
    parse_between,
    parse_choice,
    parse_secret,
    parse_text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Who may read `/metrics`."""

    access: str = setting(
        "local",
        parse=parse_choice("local", "token", "off"),
        env="OCSYNC_METRICS_ACCESS",
        help=(
            "`local`: programs on this machine that ask without a proxy, and whoever"
            " has the token or an administrator's app token; `token`: only those;"
            " `off`: nobody, the URL does not exist."
        ),
    )
    token: str | None = setting(
        None,
        parse=parse_secret,
        env="OCSYNC_METRICS_TOKEN",
        help="Opens `/metrics` from anywhere, as Bearer token or Basic password.",
        is_secret=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TracingSettings:
    """Traces for OpenTelemetry; needs the extra `ocsync[otel]`."""

    endpoint: str | None = setting(
        None,
        parse=parse_base_url,
        env="OCSYNC_TRACING_ENDPOINT",
        help=(
            "Where traces are sent by OTLP over HTTP, such as"
            " `http://localhost:4318/v1/traces`. Without it there are none."
        ),
    )
    service: str = setting(
        "ocsync",
        parse=parse_text,
        env="OCSYNC_TRACING_SERVICE",
        help="Name of the service in the traces.",
    )
    percent: int = setting(
        100,
        parse=parse_between(0, 100),
        env="OCSYNC_TRACING_PERCENT",
        help=(
            "Of so many of a hundred requests a trace is kept, unless the client's own"
            " trace decides."
        ),
    )
