"""A whole server as a program of its own, as `ocsync serve` runs it.

    python -m tests.live.served '{"workers": 2, "port": 0}'

It prints its address when it listens, one line for each thing that tests look at, and
the message of a ServerError, as the command line would, with exit code 1.
"""

import json
import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ocsync.server import ServerError, ServerOptions, Worker, serve
from ocsync.wire.body import BoundedBody, TruncatedBody

PATHS = ("data_directory", "unix_socket", "certificate", "private_key")


def make_app(worker: Worker) -> WSGIApplication:
    """Answers who it is; receives bodies and keeps what came of them."""
    if os.environ.get("FAIL_TO_START") == str(worker.index):
        raise ServerError("the application is broken")
    worker.at_stop(lambda: say(f"closed {worker.index}"))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PATCH":
            return receive(environ, start_response)
        start_response("200 OK", [("X-Leader", str(worker.is_leader))])
        return [json.dumps({"pid": os.getpid(), "worker": worker.index}).encode()]

    return app


def receive(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Write the body to the file that the path names, and say how much came."""
    body = BoundedBody(environ)
    status = "204 No Content"
    with Path(environ["PATH_INFO"]).open("ab") as file:
        try:
            file.writelines(body)
        except TruncatedBody:
            status = "503 Service Unavailable"
    start_response(status, [("Upload-Offset", str(body.received))])
    return []


def say(line: str) -> None:
    """Print a line that a test waits for."""
    # In one write: several processes say something at the same time.
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def main() -> int:
    """Serve as the first argument says."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    given: dict[str, Any] = json.loads(sys.argv[1])
    for name in PATHS:
        if name in given:
            given[name] = Path(given[name])
    try:
        serve(
            ServerOptions(**given),
            make_app,
            on_listening=lambda addresses: say(" ".join(addresses)),
        )
    except ServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    say("ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
