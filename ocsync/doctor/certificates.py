"""TLS: whether clients will believe the certificate, today and in two weeks."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from ocsync.doctor.findings import Finding, problem, warning, well

_SOON: Final = timedelta(days=14)
_TIMEOUT_SECONDS: Final = 10.0


def examine_file(path: Path, *, now: datetime) -> Iterator[Finding]:
    """The certificate that the server itself is given."""
    check = "certificate file"
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        yield problem(
            check,
            f"{path} cannot be used: {error}",
            "server.tls_cert names a PEM file with the server's certificate first",
        )
        return
    yield _dates(check, found, now=now)


def examine_site(url: str, *, ca_file: Path | None, now: datetime) -> Iterator[Finding]:
    """The certificate that clients of a public URL see."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return
    check = "certificate"
    place = (parts.hostname, parts.port or 443)
    try:
        shown = x509.load_der_x509_certificate(_fetch(place))
    except OSError as error:
        yield problem(
            check,
            f"no https at {parts.netloc}: {_reason(error)}",
            "see that the proxy listens there and has a certificate",
        )
        return
    dates = _dates(check, shown, now=now)
    yield dates
    refusal = _refusal(place, ca_file)
    if refusal is not None and dates.verdict.value != "problem":
        yield problem(
            check,
            f"clients do not believe it: {refusal}",
            f"get one for the name {parts.hostname} from an authority that clients"
            " know, and give the proxy the whole chain; with an authority of your"
            " own, install it at the clients (and name it here with --ca-file)",
        )


def _fetch(place: tuple[str, int]) -> bytes:
    """The certificate as it is, believable or not."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection(place, timeout=_TIMEOUT_SECONDS) as raw,
        context.wrap_socket(raw, server_hostname=place[0]) as connection,
    ):
        return connection.getpeercert(binary_form=True) or b""


def _refusal(place: tuple[str, int], ca_file: Path | None) -> str | None:
    context = ssl.create_default_context(cafile=ca_file)
    try:
        with (
            socket.create_connection(place, timeout=_TIMEOUT_SECONDS) as raw,
            context.wrap_socket(raw, server_hostname=place[0]),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except OSError as error:
        return _reason(error)


def _dates(check: str, found: x509.Certificate, *, now: datetime) -> Finding:
    begin, end = found.not_valid_before_utc, found.not_valid_after_utc
    day = f"{end.astimezone(UTC):%Y-%m-%d}"
    renew = "renew it (certbot, Caddy and others do so by themselves), and restart"
    if end < now:
        return problem(check, f"it expired on {day}", renew)
    if begin > now:
        return problem(
            check,
            f"it is valid only from {begin:%Y-%m-%d}",
            "see that the clock of this machine is right, or wait",
        )
    if end - now < _SOON:
        return warning(check, f"it expires on {day}", renew)
    return well(check, f"valid until {day}")


def _reason(error: OSError) -> str:
    return str(error.strerror or error).lower()
