"""Five thousand files up, down, and not at all, by rclone."""

import hashlib
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.harness.field import Field
from benchmarks.harness.measured import Target
from benchmarks.harness.peers import program, said
from benchmarks.harness.processes import DidNotStart
from benchmarks.harness.scenario import OCSYNC, Run, Scenario
from benchmarks.harness.site import Site, WrongAnswer

FILES: Final = 5_000
UP: Final = "rclone copy up"
DOWN: Final = "rclone copy down"
NOTHING: Final = "rclone sync with nothing to do"
BY_TUS: Final = ("ocsync fast", "ocsync fast, by tus")
_SECONDS: Final = 300
Commands = Callable[..., list[str]]


def run(run: Run) -> None:
    """Each server in turns, each time a new folder."""
    try:
        rclone = program("rclone")
    except DidNotStart as reason:
        run.record.left_out.append(f"everything: rclone is {reason}")
        return
    run.record.notes.append(f"The client is {said(rclone, 'version')}.")
    source = run.memory / "source"
    make_files(source, run.extent.many(FILES))
    sent = digests(source)
    with run.field(*OCSYNC, "wsgidav", "apache", scratch=run.disk) as field:
        for number in run.rounds:
            for site in field.turns("put", number):
                by = _commands(rclone, site, run.memory)
                _there_and_back(
                    run, field, site, by, sent=sent, target=f"copy-{number}"
                )
                if not number and site.name == BY_TUS[0]:
                    by = _commands(rclone, site, run.memory, vendor="infinitescale")
                    up = by("copy", str(source), "site:by-tus")
                    _time(field, UP, site, len(sent), up, label=BY_TUS[1])


def _there_and_back(
    run: Run,
    field: Field,
    site: Site,
    by: Commands,
    *,
    sent: dict[str, bytes],
    target: str,
) -> None:
    source, back = run.memory / "source", run.memory / "back"
    with field.trying(UP, site):
        site.ask("MKCOL", f"{target}/")
    os.sync()
    count = len(sent)
    _time(field, UP, site, count, by("copy", str(source), f"site:{target}"))
    _time(field, NOTHING, site, count, by("sync", str(source), f"site:{target}"))
    _time(field, DOWN, site, count, by("copy", f"site:{target}", str(back)))
    if digests(back) != sent and (DOWN, site.name) not in field.record.wrong:
        field.record.refuse(DOWN, site.name, "other files than were sent")
    shutil.rmtree(back, ignore_errors=True)


def _time(
    field: Field,
    case: str,
    site: Site,
    files: int,
    command: list[str],
    *,
    label: str = "",
) -> None:
    with field.rating(case, site, "files/s", label=label) as done:
        answer = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=_SECONDS
        )
        done.count = files
        if answer.returncode:
            last = (answer.stderr.strip().splitlines() or ["no word"])[-1]
            raise WrongAnswer(f"rclone: {last[:200]}")


def make_files(folder: Path, count: int) -> None:
    """Files of 1 to 100 KiB, 100 in each folder."""
    chance = random.Random(1)
    for number in range(count):
        place = folder / f"folder{number // 100}"
        place.mkdir(parents=True, exist_ok=True)
        content = chance.randbytes(chance.randrange(1024, 100 * 1024))
        (place / f"file{number}").write_bytes(content)


def digests(folder: Path) -> dict[str, bytes]:
    """SHA-1 of every file by its path."""
    return {
        str(path.relative_to(folder)): hashlib.sha1(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _commands(
    rclone: str, site: Site, scratch: Path, vendor: str | None = None
) -> Commands:
    """Rclone with a remote `site`, set up as the documentation says."""
    vendor = vendor or ("owncloud" if site.name.startswith("ocsync") else "other")
    # By itself rclone waits 10 ms before each request: no server gets beyond that.
    lines = ["[site]", "type = webdav", f"vendor = {vendor}", "pacer_min_sleep = 0s"]
    lines.append(f"url = http://127.0.0.1:{site.port}{site.root}")
    if site.login:
        name, secret = site.login
        obscured = subprocess.run(
            [rclone, "obscure", secret], check=True, capture_output=True, text=True
        )
        lines += [f"user = {name}", f"pass = {obscured.stdout.strip()}"]
    configuration = scratch / f"{site.name}.conf"
    configuration.write_text("\n".join(lines) + "\n")
    first = [rclone, "--config", str(configuration)]
    return lambda *words: [*first, *words, "--transfers", "8", "--checkers", "8"]


SCENARIO = Scenario(
    name="rclone-copy",
    title="5,000 files by rclone",
    about="""\
`rclone copy` takes 5,000 files of 1 to 100 KiB in 50 folders to the server with 8
transfers, `rclone sync` finds nothing to do, and `rclone copy` takes them back, where
they are compared. The server keeps them on the disk, the client on a tmpfs. For ocsync
the remote has the vendor `owncloud`, as its documentation says, for the others `other`:
three requests for each new file (MKCOL of its folder, PUT, PROPFIND), and rclone has
checksums and times to compare only with ocsync. `by tus` is the vendor `infinitescale`:
five requests, and a buffer of 10 MiB that rclone makes for each file. rclone's wait of
10 ms before each request is switched off (`pacer_min_sleep`), since it would make all
servers the same. rclone itself takes a good part of the cores that both share: Apache,
which does next to nothing, shows how much is left for a server to be fast in.""",
    rounds=2,
    targets=[
        Target(case=case, contender=name, to="wsgidav", at_least=3)
        for case, names in ((UP, OCSYNC[1:]), (DOWN, OCSYNC), (NOTHING, OCSYNC))
        for name in names
    ],
    run=run,
)
