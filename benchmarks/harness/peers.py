"""The servers that ocsync is measured beside, each as it comes.

Every peer is told its port and its folder and nothing that makes it slower or faster
than its own documentation's example, except that none of them writes an access log
and none of them limits how often a connection is used.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from benchmarks.harness.processes import DidNotStart
from benchmarks.harness.site import EVERYTHING

ROOT: Final = Path(__file__).parents[2]
NODE: Final = ROOT / "benchmarks" / "node"
UNSYNCED: Final = "nothing is synced"
WITHOUT_PROPFIND: Final = EVERYTHING - {"propfind"}
ONLY_TUS: Final = frozenset({"tus"})
_NGINX_MODULES: Final = Path("/usr/lib/nginx/modules")
_APACHE_MODULES: Final = Path("/usr/lib/apache2/modules")
_LIGHTTPD_MODULES: Final = Path("/usr/lib/lighttpd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Where a peer is to serve from."""

    scratch: Path
    files: Path
    port: int
    syncs: bool = False
    """Whether the bare loop syncs; no peer can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """How to start a peer, and what it promises and can do."""

    command: Sequence[str]
    version: str
    durability: str = UNSYNCED
    can: frozenset[str] = EVERYTHING


def raw(ground: Ground) -> Peer:
    """The bare loop, which is no server but what none can pass by much."""
    command = [sys.executable, "-m", "benchmarks.harness.raw_loop"]
    command += [str(ground.port), str(ground.files), *["sync"] * ground.syncs]
    return Peer(
        command=command,
        version="recv_into and write",
        durability="fdatasync before the answer" if ground.syncs else UNSYNCED,
        can=frozenset({"put", "get", "tus"}),
    )


def wsgidav(ground: Ground) -> Peer:
    """Stock wsgidav on cheroot."""
    command = [sys.executable, "-m", "benchmarks.harness.stock_wsgidav"]
    return Peer(
        command=[*command, str(ground.port), str(ground.files)],
        version=f"{metadata.version('wsgidav')}, cheroot {metadata.version('cheroot')}",
    )


def rclone(ground: Ground) -> Peer:
    """`rclone serve webdav`."""
    command = [program("rclone"), "serve", "webdav", str(ground.files)]
    return Peer(
        command=[*command, "--addr", f"127.0.0.1:{ground.port}"],
        version=said(command[0], "version"),
    )


def copyparty(ground: Ground) -> Peer:
    """copyparty; it hashes what comes in, and takes it on a tmpfs with `--wram`."""
    command = [program("copyparty"), "-q", "-i", "127.0.0.1", "-p", str(ground.port)]
    return Peer(
        command=[*command, "--wram", "-v", f"{ground.files}::A"],
        version=metadata.version("copyparty"),
    )


def apache(ground: Ground) -> Peer:
    """Apache with mod_dav."""
    server = program("apache2")
    configuration = _written(
        ground,
        f"""
ServerRoot "{ground.scratch}"
ServerName 127.0.0.1
Listen 127.0.0.1:{ground.port}
PidFile {ground.scratch}/pid
ErrorLog {ground.scratch}/errors
LoadModule mpm_event_module {_APACHE_MODULES}/mod_mpm_event.so
LoadModule authz_core_module {_APACHE_MODULES}/mod_authz_core.so
LoadModule dav_module {_APACHE_MODULES}/mod_dav.so
LoadModule dav_fs_module {_APACHE_MODULES}/mod_dav_fs.so
{"User www-data" if os.geteuid() == 0 else ""}
DavLockDB {ground.scratch}/locks
DocumentRoot {ground.files}
MaxKeepAliveRequests 0
<Directory {ground.files}>
    Dav On
    Require all granted
</Directory>
""",
    )
    return Peer(
        command=[server, "-f", configuration, "-DFOREGROUND"],
        version=said(server, "-v"),
    )


def nginx(ground: Ground) -> Peer:
    """Nginx with its dav module; PROPFIND needs a module of its own."""
    server = program("nginx")
    extension = _NGINX_MODULES / "ngx_http_dav_ext_module.so"
    extended = extension.exists()
    configuration = _written(
        ground,
        f"""
{f"load_module {extension};" if extended else ""}
daemon off;
{"user root;" if os.geteuid() == 0 else ""}
pid {ground.scratch}/pid;
error_log {ground.scratch}/errors;
worker_processes auto;
events {{ }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_temp_path {ground.scratch}/bodies;
    proxy_temp_path {ground.scratch}/proxy;
    fastcgi_temp_path {ground.scratch}/fastcgi;
    uwsgi_temp_path {ground.scratch}/uwsgi;
    scgi_temp_path {ground.scratch}/scgi;
    server {{
        listen 127.0.0.1:{ground.port};
        root {ground.files};
        dav_methods PUT DELETE MKCOL;
        {"dav_ext_methods PROPFIND OPTIONS;" if extended else ""}
    }}
}}
""",
    )
    return Peer(
        command=[server, "-p", str(ground.scratch), "-c", configuration],
        version=said(server, "-v").removeprefix("nginx version: "),
        can=EVERYTHING if extended else WITHOUT_PROPFIND,
    )


def lighttpd(ground: Ground) -> Peer:
    """Lighttpd with mod_webdav."""
    server = program("lighttpd")
    if not (_LIGHTTPD_MODULES / "mod_webdav.so").exists():
        raise DidNotStart("its mod_webdav is not installed")
    configuration = _written(
        ground,
        f"""
server.modules = ("mod_webdav")
server.document-root = "{ground.files}"
server.bind = "127.0.0.1"
server.port = {ground.port}
server.errorlog = "{ground.scratch}/errors"
server.upload-dirs = ("{ground.scratch}")
server.max-keep-alive-requests = 1000000000
webdav.activate = "enable"
""",
    )
    return Peer(
        command=[server, "-D", "-f", configuration],
        version=said(server, "-v").partition(" - ")[0],
    )


def tus_server(ground: Ground) -> Peer:
    """@tus/server with its file store."""
    node = program("node")
    package = NODE / "node_modules" / "@tus" / "server" / "package.json"
    if not package.exists():
        raise DidNotStart("not installed (npm --prefix benchmarks/node ci)")
    return Peer(
        command=[
            node,
            str(NODE / "tus-server.mjs"),
            str(ground.port),
            str(ground.files),
        ],
        version=json.loads(package.read_text())["version"],
        can=ONLY_TUS,
    )


PEERS: Final[dict[str, Callable[[Ground], Peer]]] = {
    "raw": raw,
    "wsgidav": wsgidav,
    "apache": apache,
    "nginx": nginx,
    "lighttpd": lighttpd,
    "rclone": rclone,
    "copyparty": copyparty,
    "@tus/server": tus_server,
}


def program(name: str) -> str:
    """Where a program is, first beside this Python.

    Raises:
        DidNotStart: it is not installed.
    """
    places = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/usr/sbin"
    found = shutil.which(name, path=places)
    if found is None:
        raise DidNotStart("not installed")
    return found


def _written(ground: Ground, text: str) -> str:
    path = ground.scratch / "configuration"
    path.write_text(text)
    return str(path)


def said(*command: str) -> str:
    """The first line of what a program says when asked for its version."""
    answer = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=30
    )
    lines = (answer.stdout + answer.stderr).strip().splitlines() or ["?"]
    return lines[0].removeprefix("Server version: ")
