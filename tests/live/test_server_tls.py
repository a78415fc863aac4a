"""TLS from certificate files."""

import datetime as dt
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ocsync.server import ServerOptions
from ocsync.server.tls import load_context
from tests.live.apps import Receiver, Recorder, hello, refuse
from tests.live.harness import Connect, Serve, until
from tests.live.raw_http import HUGE


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    paths = {"certificate": tmp_path / "cert.pem", "private_key": tmp_path / "key.pem"}
    encoding = serialization.Encoding.PEM
    paths["certificate"].write_bytes(certificate.public_bytes(encoding))
    paths["private_key"].write_bytes(
        key.private_bytes(
            encoding,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@pytest.fixture
def client_context(files: dict[str, Path]) -> ssl.SSLContext:
    """A client's context that trusts that certificate."""
    return ssl.create_default_context(cafile=str(files["certificate"]))


def test_requests_come_over_tls(
    serve: Serve,
    connect: Connect,
    files: dict[str, Path],
    client_context: ssl.SSLContext,
) -> None:
    """Keep-alive, large bodies both ways, and https in the environ."""
    app = Receiver()
    server = serve(app, **files)
    client = connect(server, tls=client_context)
    body = bytes(range(256)) * 10_000

    assert client.ask("GET /").body == b"hello"
    assert client.ask("PUT /", body=body)["Upload-Offset"] == str(len(body))
    assert app.received == body
    assert client.ask("GET /").body == b"hello"


def test_the_environ_says_https(
    serve: Serve,
    connect: Connect,
    files: dict[str, Path],
    client_context: ssl.SSLContext,
) -> None:
    """`wsgi.url_scheme` and HTTPS tell the application."""
    app = Recorder()

    connect(serve(app, **files), tls=client_context).ask("GET /")

    assert app.seen[0]["wsgi.url_scheme"] == "https"
    assert app.seen[0]["HTTPS"] == "on"


def test_pipelined_requests_inside_one_record(
    serve: Serve,
    connect: Connect,
    files: dict[str, Path],
    client_context: ssl.SSLContext,
) -> None:
    """What TLS has decrypted already is not forgotten."""
    client = connect(serve(hello, **files), tls=client_context)
    count = 400

    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\n\r\n" % (b"x" * 100) * count)

    assert all(client.read_answer().body == b"hello" for _ in range(count))


def test_an_early_answer_can_be_read(
    serve: Serve,
    connect: Connect,
    files: dict[str, Path],
    client_context: ssl.SSLContext,
) -> None:
    """What the client still sends is thrown away below TLS until it has read."""
    client = connect(serve(refuse, **files), tls=client_context)

    client.request("PATCH /", HUGE)
    for _ in range(16):
        client.send(b"x" * 100_000)

    assert client.read_answer().status == 409


def test_a_stalled_handshake_needs_no_thread(
    serve: Serve,
    connect: Connect,
    files: dict[str, Path],
    client_context: ssl.SSLContext,
) -> None:
    """Silent and half-open handshakes keep nobody out, and end in time."""
    server = serve(hello, threads=2, most_threads=4, head_seconds=0.5, **files)
    stalled = [connect(server) for _ in range(50)]
    for client in stalled:
        client.send(b"\x16\x03\x01\x00")

    assert connect(server, tls=client_context).ask("GET /").body == b"hello"
    assert all(client.is_at_end() for client in stalled)


def test_plain_http_is_not_answered(
    serve: Serve, connect: Connect, files: dict[str, Path]
) -> None:
    """Whoever does not speak TLS is sent away."""
    client = connect(serve(hello, **files))

    client.request("GET /")

    with pytest.raises((EOFError, ValueError, ConnectionResetError)):
        client.read_answer()


def test_a_cut_body_keeps_its_bytes(
    serve: Serve,
    connect: Connect,
    files: dict[str, Path],
    client_context: ssl.SSLContext,
) -> None:
    """As without TLS; and a body can be shut by another thread."""
    app = Receiver()
    client = connect(serve(app, **files), tls=client_context)

    client.request("PATCH /", "Content-Length: 1000")
    client.send(b"x" * 400)
    until(lambda: len(app.received) == 400)
    app.connection.shut_reading()

    assert client.read_answer()["Upload-Offset"] == "400"


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("no")])
def test_unusable_files_are_an_error(
    files: dict[str, Path], damage: Callable[[Path], object]
) -> None:
    """A missing or broken certificate is found before anything is served."""
    damage(files["certificate"])

    with pytest.raises(OSError, match=r"No such file|PEM"):
        load_context(
            ServerOptions(
                certificate=files["certificate"], private_key=files["private_key"]
            )
        )
