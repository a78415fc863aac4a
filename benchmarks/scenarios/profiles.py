"""Where the time goes in each hot path."""

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from benchmarks.harness import propfind
from benchmarks.harness.crowd import NewNames, Questions, Same
from benchmarks.harness.processes import DidNotStart
from benchmarks.harness.profiler import hottest, profile, shares
from benchmarks.harness.scenario import Run, Scenario
from benchmarks.harness.site import Site
from benchmarks.harness.transfers import get, put
from benchmarks.scenarios.listing import fill, list_folder
from benchmarks.scenarios.tus_upload import upload

OCSYNC: Final = "ocsync safe"
CONNECTIONS: Final = 8
FILES: Final = 2_000
MIB_EACH: Final = 128
SECONDS: Final = 4
_SMALL: Final = b"x" * 1024


def run(run: Run) -> None:
    """One hot path after the other, under load, with py-spy looking in."""
    seconds = max(run.seconds * SECONDS, 1)
    with run.field(OCSYNC, scratch=run.memory) as field:
        for site in field.sites:
            with field.trying("all of them", site):
                site.ask("PUT", "small", _SMALL)
                site.ask("MKCOL", "new/")
                put(site, "large", run.extent.many(MIB_EACH))
                fill(field, site, "folder", run.extent.many(FILES))
                field.clear(site)
            made: list[str] = []
            for case, deed in _paths(run, site, made).items():
                with field.trying(case, site):
                    try:
                        frames = profile(site.pid, deed, seconds, scratch=run.memory)
                    except DidNotStart as reason:
                        run.record.left_out.append(f"py-spy: {reason}")
                        return
                    field.clear(site, *made)
                    made.clear()
                    for part, share in shares(frames).items():
                        run.record.add(case, part, share, "%")
                    run.record.notes.append(f"{case}: {hottest(frames, 6)}")


def _paths(
    run: Run, site: Site, made: list[str]
) -> dict[str, Callable[[float], object]]:
    size, files = run.extent.many(MIB_EACH), run.extent.many(FILES)
    body = propfind.body(propfind.PLAIN)
    head = site.head("PROPFIND", "small", "Depth: 0", f"Content-Length: {len(body)}")
    new = site.head("PUT", "new/@NAME@", f"Content-Length: {len(_SMALL)}")

    def new_name() -> str:
        made.append(f"large-{len(made)}")
        return made[-1]

    return {
        "GET of 1 KiB": _crowd(run, site, Same(request=site.head("GET", "small"))),
        "PROPFIND Depth 0": _crowd(run, site, Same(request=head + body, status=b"207")),
        "PUT of 1 KiB": _crowd(
            run, site, NewNames(template=new + _SMALL, prefix="file")
        ),
        "PROPFIND Depth 1 of 2,000 files": _again(
            lambda: list_folder(site, "folder", files)
        ),
        "GET of 128 MiB": _again(lambda: get(site, "large", size)),
        "PUT of 128 MiB": _again(lambda: put(site, new_name(), size)),
        "tus upload of 128 MiB": _again(lambda: upload(site, new_name(), size)),
    }


def _crowd(run: Run, site: Site, questions: Questions) -> Callable[[float], object]:
    return partial(run.clients.ask, site.port, questions, CONNECTIONS)


def _again(deed: Callable[[], object]) -> Callable[[float], object]:
    def repeat(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            deed()

    return repeat


SCENARIO = Scenario(
    name="profiles",
    title="Where the time goes",
    about="""\
py-spy looks into all processes of the server 200 times a second, while it is under load
on one hot path after the other, and notes at which line each thread is that has
something to do. The share of a part is that of the samples whose innermost line is in
it: C code that Python calls (hashing, SQLite, sending and receiving with the time that
they wait) counts for the line that calls it. Below the tables are the functions with
most samples of their own.""",
    rounds=1,
    targets=[],
    run=run,
)
