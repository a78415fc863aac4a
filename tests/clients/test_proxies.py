"""nginx, Apache and Caddy in front of the server, with the files in `config/`."""

import base64
import getpass
import hashlib
import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from tests.live_server import LiveServer, serving
from tests.programs import require_program, run_client

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
        f"user {getpass.getuser()};\ndaemon off;\n"
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
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


def apache_command(folder: Path, server_url: str, port: int) -> list[str]:
    """Run Apache with the shipped site, its names and ports changed."""
    site = (CONFIG / "apache.conf").read_text()
    for line, instead in (
        ("<VirtualHost *:443>", f"<VirtualHost 127.0.0.1:{port}>"),
        ("ServerName files.example.org", f"ServerName {NAME}"),
        ("/etc/ssl/files.example.org/chain.pem", str(folder / "chain.pem")),
        ("/etc/ssl/files.example.org/key.pem", str(folder / "key.pem")),
        ("http://127.0.0.1:9200/", f"{server_url}/"),
    ):
        assert line in site
        site = site.replace(line, instead)
    modules = "".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
        for name in (
            *("mpm_event", "authz_core", "reqtimeout", "ssl", "headers"),
            *("proxy", "proxy_http"),
        )
    )
    (folder / "apache.conf").write_text(
        f"ServerRoot {folder}\nServerName {NAME}\nPidFile {folder}/apache.pid\n"
        f"ErrorLog {folder}/error.log\nMutex file:{folder}\n"
        f"Listen 127.0.0.1:{port}\n{modules}"
        f"<IfModule unixd_module>\nUser www-data\nGroup www-data\n</IfModule>\n{site}"
    )
    program = require_program("apache2")
    return [program, "-D", "FOREGROUND", "-f", str(folder / "apache.conf")]


COMMANDS = {"nginx": nginx_command, "caddy": caddy_command, "apache": apache_command}


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


@contextmanager
def standing(folder: Path, program: str, *, leaving_out: str = "") -> Iterator[Site]:
    """The server behind a proxy, whose file lacks a line perhaps."""
    chain, _ = make_certificate(folder)
    port = free_port()
    url = f"https://{NAME}:{port}"
    options = ("--url", url, "--set", "server.trusted_proxies=127.0.0.1")
    with serving(folder, *options) as server:
        command = COMMANDS[program](folder, server.url, port)
        path = Path(command[-1])
        assert leaving_out in path.read_text()
        path.write_text(path.read_text().replace(leaving_out, ""))
        with running(command, folder / "proxy.log", port):
            yield Site(server, url, chain)


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The server behind each of the proxies."""
    with standing(tmp_path_factory.mktemp(request.param), request.param) as found:
        yield found


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


def send_half(site: Site, location: str, *, offset: int = 0) -> None:
    """Announce the rest of the content, send half of it, and hang up."""
    content = CONTENT[offset:]
    target = urlsplit(location)
    raw = socket.create_connection((target.hostname or "", target.port or 0))
    with raw, site.tls.wrap_socket(raw, server_hostname=target.hostname) as connection:
        head = "".join(
            f"{field}: {value}\r\n"
            for field, value in {
                **CHUNK,
                "Host": target.netloc,
                "Upload-Offset": str(offset),
                "Content-Length": str(len(content)),
            }.items()
        )
        connection.sendall(f"PATCH {target.path} HTTP/1.1\r\n{head}\r\n".encode())
        connection.sendall(content[: len(content) // 2])


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


def test_redirects_lead_to_the_site(site: Site) -> None:
    """A private link sends the browser on to what it can reach."""
    with site.api() as api:
        put = api.put("/dav/files/admin/linked.txt", content=b"linked")
        answer = api.get(f"/f/{put.headers['OC-FileId']}")

    assert answer.is_redirect, answer.status_code
    target = urljoin(f"{site.url}/f/", answer.headers["Location"])
    assert target.startswith(f"{site.url}/")


def doctor(site: Site) -> dict[str, str]:
    """What the doctor finds wrong, by check, with the fix."""
    port = urlsplit(site.server.url).port
    done = run_client(
        [
            sys.executable, "-m", "ocsync", "doctor", "--json",
            "--data", site.server.data, "--ca-file", site.certificate,
            "--set", f"server.url={site.url}", "--set", f"server.port={port}",
            "--set", "server.trusted_proxies=127.0.0.1",
        ],
        cwd=CONFIG.parent,
    )  # fmt: skip
    found = json.loads(done.stdout)["findings"]
    wrong = {
        each["check"]: f"{each['finding']} → {each['fix']}"
        for each in found
        if each["verdict"] == "problem"
    }
    assert "client: desktop" in {each["check"] for each in found}, found
    assert done.returncode == bool(wrong)
    return wrong


def test_the_doctor_is_content(site: Site) -> None:
    """With the shipped files, nothing is wrong."""
    assert doctor(site) == {}


def test_the_doctor_sees_what_is_missing(tmp_path: Path) -> None:
    """Nginx as it is without our lines keeps request bodies until they are whole."""
    line = "        proxy_request_buffering off;\n"
    with standing(tmp_path, "nginx", leaving_out=line) as site:
        wrong = doctor(site)

    assert list(wrong) == ["proxy buffering"]
    assert "proxy_request_buffering off" in wrong["proxy buffering"]


def test_f23_a_proxy_that_keeps_bodies(tmp_path: Path) -> None:
    """What a cut request had sent is lost, what was answered is not."""
    line = "        proxy_request_buffering off;\n"
    name = base64.b64encode(b"kept.bin").decode()
    creation = {
        "Upload-Length": str(len(CONTENT)),
        "Upload-Metadata": f"filename {name}",
    }
    with standing(tmp_path, "nginx", leaving_out=line) as site, site.api() as api:
        space = f"/dav/spaces/{site.server.personal_space()}"
        location = api.post(space, headers=TUS | creation).headers["Location"]
        first = CHUNK | {"Upload-Offset": "0"}
        api.patch(location, content=CONTENT[:1000], headers=first).raise_for_status()
        send_half(site, location, offset=1000)

        reached = int(api.head(location, headers=TUS).headers["Upload-Offset"])
        rest = CHUNK | {"Upload-Offset": str(reached)}
        done = api.patch(location, content=CONTENT[reached:], headers=rest)
        content = api.get(f"{space}/kept.bin").content

    assert reached == 1000
    assert done.status_code == 204
    assert hashlib.sha256(content).digest() == hashlib.sha256(CONTENT).digest()


def test_the_doctor_sees_a_bound(tmp_path: Path) -> None:
    """And it refuses bodies of more than a megabyte."""
    line = "    client_max_body_size 0;\n"
    with standing(tmp_path, "nginx", leaving_out=line) as site:
        wrong = doctor(site)

    assert "client_max_body_size 0" in wrong["proxy buffering"]


def test_the_client_goes_through(site: Site, tmp_path: Path) -> None:
    """`ocsync upload` and `download`, which trust the site's certificate."""
    (tmp_path / "large.bin").write_bytes(CONTENT)
    command = [sys.executable, "-m", "ocsync"]
    options = ["--user", site.server.user, "--ca-file", site.certificate]
    own = {"OCSYNC_TOKEN": site.server.password, "PYTHONPATH": str(CONFIG.parent)}

    sent = run_client(
        [*command, "upload", *options, "large.bin", f"{site.url}/"],
        cwd=tmp_path,
        environ=own,
    )
    url = f"{site.url}/dav/files/admin/large.bin"
    fetched = run_client(
        [*command, "download", *options, url, "back.bin"], cwd=tmp_path, environ=own
    )

    assert (sent.returncode, fetched.returncode) == (0, 0), sent.stderr + fetched.stderr
    assert (tmp_path / "back.bin").read_bytes() == CONTENT
