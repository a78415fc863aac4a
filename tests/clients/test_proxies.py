"""nginx and Caddy in front of the server, with the files in `config/`."""

import base64
import hashlib
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.clients.conftest import LiveServer, require_program, serving

pytestmark = pytest.mark.clients

CONFIG = Path(__file__).parent.parent.parent / "config"
NAME = "localhost"
CONTENT = os.urandom(1 << 20) * 100
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


@dataclass(frozen=True)
class Site:
    """A server behind a proxy that does https."""

    server: LiveServer
    url: str
    certificate: Path

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts the site's certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def api(self) -> httpx.Client:
        """A client that is logged in."""
        return httpx.Client(
            base_url=self.url,
            auth=(self.server.user, self.server.password),
            verify=self.tls,
            timeout=60,
        )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost and its key."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        [
            require_program("openssl"), "req", "-x509", "-newkey", "rsa:2048",
            "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
            "-addext", f"subjectAltName=DNS:{NAME}",
            "-keyout", str(key), "-out", str(chain),
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return chain, key


def nginx_command(folder: Path, server_url: str, port: int) -> list[str]:
    """Run nginx with the shipped site, its names and ports changed."""
    site = (CONFIG / "nginx.conf").read_text()
    for line, instead in (
        ("    server 127.0.0.1:9200;", f"    server {urlsplit(server_url).netloc};"),
        ("    listen 443 ssl;", f"    listen 127.0.0.1:{port} ssl;"),
        ("    listen [::]:443 ssl;\n", ""),
        ("files.example.org;", f"{NAME};"),
        ("/etc/ssl/files.example.org/chain.pem", str(folder / "chain.pem")),
        ("/etc/ssl/files.example.org/key.pem", str(folder / "key.pem")),
    ):
        assert line in site
        site = site.replace(line, instead)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    program = require_program("nginx")
    return [program, "-e", f"{folder}/error.log", "-c", str(folder / "nginx.conf")]


def caddy_command(folder: Path, server_url: str, port: int) -> list[str]:
    """Run Caddy with the shipped site, its name and ports changed."""
    site = (CONFIG / "Caddyfile").read_text()
    certificate = f"{folder}/chain.pem {folder}/key.pem"
    for line, instead in (
        (
            "{$OCSYNC_DOMAIN:files.example.org} {",
            f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate}",
        ),
        (
            "{$OCSYNC_UPSTREAM:127.0.0.1:9200} {",
            f"{urlsplit(server_url).netloc} {{",
        ),
    ):
        assert line in site
        site = site.replace(line, instead)
    (folder / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {folder}\n}}\n{site}"
    )
    return [require_program("caddy"), "run", "--config", str(folder / "Caddyfile")]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command}


@contextmanager
def running(command: list[str], log: Path, port: int) -> Iterator[None]:
    """The proxy, once it takes connections."""
    with (
        log.open("w") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as process,
    ):
        try:
            while True:
                assert process.poll() is None, log.read_text()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield
        finally:
            process.terminate()


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The server behind each of the proxies."""
    folder = tmp_path_factory.mktemp(request.param)
    require_program(request.param)
    chain, _ = make_certificate(folder)
    port = free_port()
    url = f"https://{NAME}:{port}"
    options = ("--url", url, "--set", "server.trusted_proxies=127.0.0.1")
    with serving(folder, *options) as server:
        command = COMMANDS[request.param](folder, server.url, port)
        with running(command, folder / "proxy.log", port):
            yield Site(server, url, chain)


def test_an_upload_cut_in_the_middle_goes_on(site: Site) -> None:
    """What had reached the proxy has reached the server, and need not be sent again."""
    name = base64.b64encode(b"large.bin").decode()
    headers = {
        "Upload-Length": str(len(CONTENT)),
        "Upload-Metadata": f"filename {name}",
    }
    space = f"/dav/spaces/{site.server.personal_space()}"
    with site.api() as api:
        created = api.post(space, headers=TUS | headers)
        assert created.status_code == 201, created.text
        location = created.headers["Location"]
        assert location.startswith(f"{site.url}/data/")

        send_half(site, location)
        reached = wait_for_half(api, location)

        rest = CHUNK | {"Upload-Offset": str(reached)}
        done = api.patch(location, content=CONTENT[reached:], headers=rest)
        assert (done.status_code, done.headers["Upload-Offset"]) == (
            204,
            str(len(CONTENT)),
        )
        content = api.get(f"{space}/large.bin").content
    assert hashlib.sha256(content).digest() == hashlib.sha256(CONTENT).digest()


def send_half(site: Site, location: str) -> None:
    """Announce the whole content, send half of it, and hang up."""
    target = urlsplit(location)
    raw = socket.create_connection((target.hostname or "", target.port or 0))
    with raw, site.tls.wrap_socket(raw, server_hostname=target.hostname) as connection:
        head = "".join(
            f"{field}: {value}\r\n"
            for field, value in {
                **CHUNK,
                "Host": target.netloc,
                "Upload-Offset": "0",
                "Content-Length": str(len(CONTENT)),
            }.items()
        )
        connection.sendall(f"PATCH {target.path} HTTP/1.1\r\n{head}\r\n".encode())
        connection.sendall(CONTENT[: len(CONTENT) // 2])


def wait_for_half(api: httpx.Client, location: str) -> int:
    """The offset, once the server has noticed that the connection is gone."""
    offset = 0
    while not offset:
        answer = api.head(location, headers=TUS)
        assert answer.status_code in {200, 423}
        offset = int(answer.headers.get("Upload-Offset", 0))
    assert 0 < offset <= len(CONTENT) // 2
    return offset


def test_urls_are_those_of_the_site(site: Site) -> None:
    """What a client reads about the server leads through the proxy again."""
    with site.api() as api:
        drives = api.get("/graph/v1.0/me/drives").json()["value"]
        issuer = api.get("/.well-known/openid-configuration").json()["issuer"]

    assert drives[0]["root"]["webDavUrl"].startswith(f"{site.url}/dav/spaces/")
    assert issuer.startswith(site.url)


def test_a_body_of_unknown_length_passes(site: Site) -> None:
    """A PUT in chunks, as davfs2 and Finder send it."""
    with site.api() as api:
        put = api.put(
            "/dav/files/admin/chunked.txt", content=iter([b"one ", b"two ", b"three"])
        )
        got = api.get("/dav/files/admin/chunked.txt")

    assert put.status_code in {201, 204}
    assert got.content == b"one two three"


def test_a_move_understands_its_destination(site: Site) -> None:
    """The Destination names the site, not the server behind it."""
    root = "/dav/files/admin"
    with site.api() as api:
        api.put(f"{root}/before.txt", content=b"moved")
        destination = f"{site.url}{root}/after.txt"
        moved = api.request(
            "MOVE",
            f"{root}/before.txt",
            headers={"Destination": destination, "Overwrite": "T"},
        )
        got = api.get(f"{root}/after.txt")

    assert moved.status_code in {201, 204}, moved.text
    assert got.content == b"moved"
