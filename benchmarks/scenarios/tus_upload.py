"""Resumable uploads in chunks, with everything in memory."""

import statistics
from typing import Final

from benchmarks.harness.field import Field
from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import OCSYNC, Run, Scenario
from benchmarks.harness.site import Site
from benchmarks.harness.transfers import MIB, create_upload, get, patches
from benchmarks.harness.warm_memory import warm_pages

UPLOAD: Final = "upload of 512 MiB"
MEDIAN: Final = "median PATCH of 512 MiB"
LAST: Final = "last PATCH of 512 MiB"
LONG_MEDIAN: Final = "median PATCH of 2 GiB"
LONG_LAST: Final = "last PATCH of 2 GiB"
FAST: Final = "ocsync fast"
WAYS: Final = {FAST: False, f"{FAST}, new connections": True}


def run(run: Run) -> None:
    """512 MiB of everybody, then 2 GiB of ocsync."""
    size = run.extent.many(512)
    with run.field("raw", *OCSYNC, "@tus/server", scratch=run.memory) as field:
        for number in run.rounds:
            for site in field.turns("tus", number):
                with warm_pages(run.memory, size * MIB):
                    _measure(field, site, size, number)
        for number in range(min(2, len(run.rounds))):
            for way, reconnects in WAYS.items():
                _measure_long(field, way, f"long-{number}", size * 4, reconnects)


def _measure(field: Field, site: Site, size: int, number: int) -> None:
    name = f"upload-{number}"
    if site.name == "raw":
        name = "upload"
        if not number:
            with field.trying(UPLOAD, site):
                upload(site, name, size)  # makes the pages that are reused
    with field.rating(UPLOAD, site, "MiB/s") as rated:
        times = upload(site, name, size)
        rated.count = size
    with field.trying(LAST, site):
        if site.name.startswith("ocsync"):
            _note(field, site.name, times, MEDIAN, LAST)
            if not number:
                get(site, name, size, is_checked=True)
            field.clear(site, name)


def _measure_long(
    field: Field, way: str, name: str, size: int, reconnects: bool
) -> None:
    site = field.site(FAST)
    if site is not None:
        with field.trying(LONG_LAST, site):
            times = upload(site, name, size, reconnects=reconnects)
            _note(field, way, times, LONG_MEDIAN, LONG_LAST)
            field.clear(site, name)


def upload(
    site: Site, name: str, size: int, *, reconnects: bool = False
) -> list[float]:
    """Create an upload and send it; the seconds of each PATCH."""
    folder = "files" if site.name == "@tus/server" else ""
    url = create_upload(site, folder, name, size * MIB)
    return list(patches(site, url, size * MIB, reconnects=reconnects))


def _note(field: Field, label: str, times: list[float], median: str, last: str) -> None:
    middle = statistics.median(times[:-1] or times)
    field.record.add(median, label, middle * 1000, "ms")
    field.record.add(last, label, times[-1] * 1000, "ms")


SCENARIO = Scenario(
    name="tus-upload",
    title="tus upload in chunks of 10,000,000 bytes",
    about="""\
A new upload is created and sent in PATCHes of 10,000,000 bytes on one connection, with
all data on a tmpfs. ocsync keeps SHA1 and ADLER32 over all chunks, with a state that
survives each of them; @tus/server keeps none. The last PATCH is shorter than the
others, but it also ends the checksums and makes the file visible: it must not cost
what the file costs. For that 2 GiB are sent too, once with a new connection for each
PATCH, so that one worker process continues what another one began.""",
    rounds=5,
    targets=[
        Target(case=UPLOAD, contender=FAST, to="raw", at_least=0.40),
        Target(case=UPLOAD, contender=FAST, to="@tus/server", at_least=1.5),
        Target(case=LAST, contender=FAST, to_case=MEDIAN, at_most=3),
        *(
            Target(case=LONG_LAST, contender=way, to_case=LONG_MEDIAN, at_most=3)
            for way in WAYS
        ),
    ],
    run=run,
)
