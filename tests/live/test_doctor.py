"""The doctor finds what is planted and names the fix; a sound server has nothing."""

import http.client
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ocsync.doctor.examination import Examination
from ocsync.doctor.findings import Finding, Verdict
from ocsync.settings import load_settings
from spaces.db.engine import Database
from tests.live.apps import hello
from tests.live.harness import Serve
from tests.live.transfer_site import Faults
from tests.live.tus_site import Site, open_site

ROOT = Path(__file__).parent.parent.parent
Middleware = Callable[[WSGIApplication], WSGIApplication]


@dataclass(frozen=True)
class Patient:
    """A service, and how the doctor is told of it."""

    site: Site
    data: Path
    faults: Faults

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.site.port}"

    def examine(
        self, *, options: Mapping[str, object] | None = None, **overrides: object
    ) -> list[Finding]:
        """All that the doctor has to say."""
        keys = {name.replace("__", "."): value for name, value in overrides.items()}
        given = {"storage.data": self.data, "server.port": self.site.port} | keys
        loaded = load_settings(environ={}, overrides=given)
        return list(Examination(loaded=loaded, **(options or {})).run())  # type: ignore[arg-type]

    def behind(self, middleware: Middleware) -> None:
        """Put something between the service and its clients."""
        assert self.faults.app is not None
        self.faults.app = middleware(self.faults.app)

    def put(self) -> None:
        """Make a file."""
        answer = self.site.ask("PUT /dav/files/admin/file", body=b"content")
        assert answer.status == 201


@pytest.fixture
def patient(site: Site, tmp_path: Path, faults: Faults) -> Patient:
    """A service that is well."""
    (tmp_path / "service").chmod(0o700)
    return Patient(site, tmp_path / "service", faults)


def wrong(found: Iterable[Finding]) -> dict[str, str]:
    """What does not work, and the fix."""
    return {
        each.check: f"{each.words} → {each.fix}"
        for each in found
        if each.verdict is Verdict.PROBLEM
    }


def test_a_sound_server(patient: Patient) -> None:
    """Nothing is wrong, every part was looked at, and nothing is left behind."""
    patient.put()

    found = patient.examine()

    assert wrong(found) == {}
    assert {
        "data folder", "secrets", "disk of data", "inodes of data", "open files",
        "content store", "database", "content", "accounts", "server", "public URL",
        "clock", "forwarded headers", "proxy buffering", "WebDAV", "client: desktop",
        "client: rclone", "client: web", "client: tus",
    } <= {each.check for each in found}  # fmt: skip
    library, actor = patient.site.library, patient.site.actor
    assert not library.accounts.tokens(actor.user_id)
    assert not library.uploads.list_open()
    assert not list(library.trash.list(actor, patient.site.home.id))
    answer = patient.site.ask("PROPFIND /dav/files/admin/", "Depth: 1")
    assert answer.body.count(b"<d:response>") == 2


def test_a_folder_that_cannot_be_written(patient: Patient) -> None:
    """Not even root writes to /proc."""
    found = wrong(patient.examine(storage__data="/proc/self"))

    assert "chown -R" in found["data folder"]


def test_a_folder_that_is_not_there(patient: Patient, tmp_path: Path) -> None:
    """A mistyped --data."""
    found = wrong(patient.examine(storage__data=tmp_path / "none"))

    assert "--data" in found["data folder"]


def test_secrets_that_others_can_read(patient: Patient) -> None:
    """Who has them could sign in as anybody."""
    path = patient.data / "secrets.json"
    path.chmod(0o644)

    assert f"chmod 600 {path}" in wrong(patient.examine())["secrets"]


@pytest.mark.parametrize(
    ("field", "check"), [("f_bavail", "disk of data"), ("f_favail", "inodes of data")]
)
def test_a_full_disk(patient: Patient, field: str, check: str) -> None:
    """Bytes, or inodes."""

    def statvfs(path: Path) -> os.statvfs_result:
        names = (
            "f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files",
            "f_ffree", "f_favail", "f_flag", "f_namemax",
        )  # fmt: skip
        found = os.statvfs(path)
        return os.statvfs_result(
            10 if name == field else getattr(found, name) for name in names
        )

    found = wrong(patient.examine(options={"statvfs": statvfs}))

    assert list(found) == [check]


def execute(database: Database, statement: str) -> None:
    """Do something to the database."""
    database.write(lambda connection: connection.exec_driver_sql(statement).close())


def test_a_missing_migration(patient: Patient) -> None:
    """The program was upgraded, and the database was not."""
    execute(patient.site.library.database, "UPDATE alembic_version SET version_num='0'")

    assert "ocsync db upgrade" in wrong(patient.examine())["database"]


@pytest.mark.parametrize("damage", ["pages", "header"])
def test_a_damaged_database(tmp_path: Path, serve: Serve, damage: str) -> None:
    """Pages that a bad disk has changed, or a file that is something else."""
    with open_site(tmp_path / "service", serve) as site:
        patient = Patient(site, tmp_path / "service", Faults())
        for number in range(40):
            site.ask(f"PUT /dav/files/admin/{number}", body=b"x")
        execute(site.library.database, "SELECT 1")
    path = tmp_path / "service" / "ocsync.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(0 if damage == "header" else 4096)
        file.write(b"\xa5" * (100 if damage == "header" else size // 2))

    found = wrong(patient.examine())

    assert "ocsync restore" in found["database"]


def test_lost_content(patient: Patient) -> None:
    """A file that has no bytes any more."""
    patient.put()
    store = patient.site.library.blobs
    for shard in store.shards():
        for blob_id in list(store.blob_ids(shard)):
            store.remove(blob_id)

    found = patient.examine()

    assert "7 bytes are lost" in wrong(found)["content"]
    assert "restore" in wrong(found)["content"]


def test_a_bucket_that_cannot_be_reached(patient: Patient) -> None:
    """Content is kept elsewhere, and elsewhere does not answer."""
    bucket = "s3://bucket/prefix?endpoint=http://127.0.0.1:1"

    assert (
        "storage.blob_url"
        in wrong(patient.examine(storage__blob_url=bucket))["content store"]
    )


def test_nobody_can_administer(patient: Patient) -> None:
    """The only administrator is none any more."""
    execute(patient.site.library.database, "UPDATE users SET is_admin = false")

    assert "ocsync user enable" in wrong(patient.examine())["accounts"]


def test_a_server_that_does_not_run(patient: Patient) -> None:
    """Nothing listens where it should."""
    assert "ocsync serve" in wrong(patient.examine(server__port=1))["server"]


def test_another_program_at_the_port(patient: Patient, serve: Serve) -> None:
    """It answers, but not as ocsync does."""
    other = serve(hello).port

    assert "another program" in wrong(patient.examine(server__port=other))["server"]


def test_a_wrong_url(patient: Patient, serve: Serve, tmp_path: Path) -> None:
    """OCSYNC_URL leads nowhere, to another program, or to another ocsync."""
    hint = "set OCSYNC_URL"
    other = f"http://127.0.0.1:{serve(hello).port}"

    nowhere = wrong(patient.examine(server__url="http://127.0.0.1:1"))
    elsewhere = wrong(patient.examine(server__url=other))
    with open_site(tmp_path / "second", serve) as second:
        third = f"http://127.0.0.1:{second.port}"
        to_another = wrong(patient.examine(server__url=third))

    assert hint in nowhere["public URL"]
    assert hint in elsewhere["public URL"]
    assert "something else answers" in elsewhere["public URL"]
    assert "another ocsync answers" in to_another["public URL"]


@pytest.mark.parametrize(
    "settings",
    [{"server__host": "0.0.0.0"}, {"server__url": "http://files.example.org"}],
)
def test_a_url_that_others_cannot_use(
    patient: Patient, settings: dict[str, str]
) -> None:
    """Open to the network without a name, or without https."""
    found = patient.examine(options={}, server__port=1, **settings)

    assert "OCSYNC_URL" in wrong(found[:20])["public URL"]


def test_a_clock_that_is_wrong(patient: Patient) -> None:
    """The date in the public server's answers is not that of this machine."""
    late = datetime.now(UTC) + timedelta(minutes=10)

    assert "NTP" in wrong(patient.examine(options={"now": lambda: late}))["clock"]


def telling(name: str, value: str) -> Middleware:
    """A proxy that adds a field to every answer."""

    def middleware(app: WSGIApplication) -> WSGIApplication:
        def answer(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            """Add it."""
            return app(
                environ,
                lambda status, headers, *rest: start_response(
                    status, [*headers, (name, value)], *rest
                ),
            )

        return answer

    return middleware


def test_a_proxy_that_is_not_believed(patient: Patient) -> None:
    """Its forwarded headers are passed over, and nobody noticed so far."""
    patient.behind(telling("Via", "1.1 proxy"))

    found = wrong(patient.examine())
    trusted = wrong(patient.examine(server__trusted_proxies="127.0.0.1"))

    assert "server.trusted_proxies" in found["forwarded headers"]
    assert trusted == {}


def keeping(port: int) -> WSGIApplication:
    """A proxy that passes requests on when their bodies are whole."""

    def answer(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Read it all first; what breaks off raises, and is dropped."""
        body = environ["wsgi.input"].read()
        headers = {
            key.removeprefix("HTTP_").replace("_", "-"): str(value)
            for key, value in environ.items()
            if key.startswith("HTTP_") or key == "CONTENT_TYPE"
        }
        headers.pop("TRANSFER-ENCODING", None)
        behind = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        method, path = environ["REQUEST_METHOD"], quote(environ["PATH_INFO"])
        target = f"{path}?{environ.get('QUERY_STRING', '')}".rstrip("?")
        with closing(behind):
            behind.request(method, target, body, headers)
            response = behind.getresponse()
            content = response.read()
            hop = {"transfer-encoding", "connection"}
            given = [
                each for each in response.getheaders() if each[0].lower() not in hop
            ]
            start_response(f"{response.status} {response.reason}", given)
            return [content]

    return answer


def test_a_proxy_that_buffers(patient: Patient, serve: Serve) -> None:
    """Nothing of an upload that is cut arrives."""
    proxy = serve(keeping(patient.site.port))

    found = wrong(
        patient.examine(
            server__url=f"http://127.0.0.1:{proxy.port}",
            server__trusted_proxies="127.0.0.1",
        )
    )

    assert "proxy_request_buffering off" in found["proxy buffering"]


def refusing(is_meant: Callable[[WSGIEnvironment], object], status: str) -> Middleware:
    """A proxy that does not like some requests."""

    def middleware(app: WSGIApplication) -> WSGIApplication:
        def answer(
            environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            """Refuse, or pass on."""
            if is_meant(environ):
                start_response(status, [("Content-Length", "0")])
                return []
            return app(environ, start_response)

        return answer

    return middleware


@pytest.mark.parametrize(
    ("is_meant", "status", "check", "fix"),
    [
        (
            lambda each: int(each.get("CONTENT_LENGTH") or 0) > 1_000_000,
            "413 Content Too Large", "proxy buffering", "client_max_body_size 0",
        ),
        (
            lambda each: "HTTP_TRANSFER_ENCODING" in each,
            "411 Length Required", "WebDAV", "proxy_http_version 1.1",
        ),
        (
            lambda each: each["REQUEST_METHOD"] == "MOVE",
            "502 Bad Gateway", "WebDAV", "Destination",
        ),
        (
            lambda each: each["REQUEST_METHOD"] == "PROPFIND",
            "405 Method Not Allowed", "client: rclone", "X-Request-Id",
        ),
        (
            lambda each: each["PATH_INFO"].startswith("/ocs/"),
            "404 Not Found", "client: desktop", "X-Request-Id",
        ),
        (
            lambda each: each["PATH_INFO"] == "/config.json",
            "403 Forbidden", "client: web", "X-Request-Id",
        ),
        (
            lambda each: each["REQUEST_METHOD"] == "OPTIONS",
            "200 OK", "client: tus", "X-Request-Id",
        ),
    ],
)  # fmt: skip
def test_a_proxy_that_refuses(
    patient: Patient,
    is_meant: Callable[[WSGIEnvironment], object],
    status: str,
    check: str,
    fix: str,
) -> None:
    """Large bodies, bodies of unknown length, methods, paths."""
    patient.behind(refusing(is_meant, status))

    assert fix in wrong(patient.examine())[check]


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


def test_few_open_files(patient: Patient) -> None:
    """As a command, with its table and its exit code."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (600, 600))

    own = {k: v for k, v in os.environ.items() if not k.startswith("OCSYNC_")}
    command = [
        sys.executable, "-m", "ocsync", "doctor", "--quick", "--json",
        "--data", str(patient.data), "--set", f"server.port={patient.site.port}",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        env=own | {"PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    (only,) = (each for each in found if each["verdict"] == "problem")
    assert only["check"] == "open files"
    assert "LimitNOFILE" in only["fix"]
