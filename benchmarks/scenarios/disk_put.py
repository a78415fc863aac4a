"""Uploads to a disk that are synced before they are answered."""

import os

from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import Run, Scenario
from benchmarks.harness.transfers import get, put
from benchmarks.scenarios.tus_upload import upload

PUT = "PUT"
TUS = "tus, chunks of 10,000,000 bytes"


def run(run: Run) -> None:
    """The bare loop and the server in turns, each time a new file."""
    size = run.extent.many(512)
    with run.field("raw", "ocsync safe", scratch=run.disk, syncs=True) as field:
        for number in run.rounds:
            name = f"large-{number}"
            for site in field.turns("put", number):
                os.sync()
                with field.rating(PUT, site, "MiB/s") as done:
                    done.count = put(site, name, size)
                with field.trying(PUT, site):
                    get(site, name, size, is_checked=not number)
            field.tidy(name)
            for site in field.turns("tus", number):
                os.sync()
                with field.rating(TUS, site, "MiB/s") as done:
                    upload(site, name, size)
                    done.count = size
                with field.trying(TUS, site):
                    get(site, name, size, is_checked=not number)
            field.tidy(name)


SCENARIO = Scenario(
    name="disk-put",
    title="Upload of 512 MiB to a disk, synced",
    about="""\
The same upload at durability `safe`, to the disk: as one PUT, and by tus in chunks of
10,000,000 bytes, of which each is on the disk before it is answered. `raw` is a bare
loop that writes the same blocks to new files of the same disk and calls fdatasync as
often: once for PUT, once for each chunk. Everything unwritten is synced before each
measurement. Disks, above all those of virtual machines, vary: look at the range.""",
    rounds=7,
    targets=[
        Target(case=PUT, contender="ocsync safe", to="raw", at_least=0.8),
        Target(case=TUS, contender="ocsync safe", to="raw", at_least=0.8),
    ],
    run=run,
)
