"""Which bucket a URL means: `s3://bucket/prefix?endpoint=https://…&region=…`.

Only text is looked at here; whether there is such a bucket is not known.
"""

from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

_KNOWN: Final = frozenset({"endpoint", "region", "addressing"})
_ADDRESSINGS: Final = frozenset({"path", "virtual"})


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Credentials:
    """A key pair; without one, they come from where other S3 programs look."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Address:
    """A place in a bucket. `prefix` is empty or ends with a slash."""

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    uses_paths: bool = False
    """Whether the bucket stands in the URL's path, not in its host name."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read the URL.

        Raises:
            ValueError: it is no such URL; the text does not repeat what may be secret.
        """
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials do not belong in the URL of a bucket")
        if not parts.netloc or ":" in parts.netloc:
            raise ValueError("expected s3://BUCKET/PREFIX?endpoint=URL")
        given = parse_qs(parts.query, keep_blank_values=True, strict_parsing=False)
        for name, values in given.items():
            if name not in _KNOWN:
                raise ValueError(f"unknown parameter {name!r} in the URL of a bucket")
            if len(values) != 1 or not values[0]:
                raise ValueError(f"{name} must be given once, with a value")
        options = {name: values[0] for name, values in given.items()}
        endpoint = options.get("endpoint")
        if endpoint is not None:
            _require_endpoint(endpoint)
        addressing = options.get(
            "addressing", "virtual" if endpoint is None else "path"
        )
        if addressing not in _ADDRESSINGS:
            raise ValueError("addressing must be path or virtual")
        prefix = unquote(parts.path).strip("/")
        return cls(
            bucket=parts.netloc,
            prefix=f"{prefix}/" if prefix else "",
            endpoint=endpoint,
            region=options.get("region"),
            uses_paths=addressing == "path",
        )


def _require_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("endpoint must be an http or https URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("endpoint must be a plain URL, without credentials")
