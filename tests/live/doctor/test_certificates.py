"""The doctor looks at certificates."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ocsync.doctor.findings import Verdict
from tests.live.doctor.patient import Patient, wrong
from tests.live.harness import Serve
from tests.live.transfer_site import Faults
from tests.live.tus_site import open_site


def certificate(
    folder: Path, *, days: int, name: str = "localhost"
) -> tuple[Path, Path]:
    """A certificate that expires in so many days, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if name == "localhost":
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    secret.chmod(0o600)
    return chain, secret


@pytest.mark.parametrize(
    ("days", "name", "is_known", "words"),
    [
        (-1, "localhost", True, "expired on"),
        (60, "other.example", True, "do not believe it"),
        (60, "localhost", False, "do not believe it"),
    ],
)
def test_certificates_that_clients_refuse(
    tmp_path: Path, serve: Serve, *, days: int, name: str, is_known: bool, words: str
) -> None:
    """Expired, for another name, or of nobody known."""
    chain, key = certificate(tmp_path, days=days, name=name)

    def start(app: WSGIApplication) -> object:
        return serve(app, certificate=chain, private_key=key)

    with open_site(tmp_path / "service", start) as site:
        found = Patient(site, tmp_path / "service", Faults()).examine(
            options={"ca_file": chain if is_known else None},
            server__url=f"https://localhost:{site.port}",
            server__tls_cert=chain,
            server__tls_key=key,
        )

    assert words in wrong(found)["certificate"]


def test_a_good_certificate(tmp_path: Path, serve: Serve) -> None:
    """It is believed, and warned of before it expires."""
    chain, key = certificate(tmp_path, days=5)

    def start(app: WSGIApplication) -> object:
        return serve(app, certificate=chain, private_key=key)

    url = "https://localhost:{port}"
    with open_site(tmp_path / "service", start) as site:
        found = Patient(site, tmp_path / "service", Faults()).examine(
            options={"ca_file": chain},
            server__url=url.format(port=site.port),
            server__tls_cert=chain,
            server__tls_key=key,
        )

    assert wrong(found) == {}
    warned = [each for each in found if each.check == "certificate"]
    assert [each.verdict for each in warned] == [Verdict.WARNING]
