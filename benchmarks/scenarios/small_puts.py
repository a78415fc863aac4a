"""Many new small files."""

import os
from typing import Final

from benchmarks.harness.crowd import CLIENTS, NewNames
from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import DAV_PEERS, OCSYNC, Run, Scenario
from benchmarks.harness.site import Site, WrongAnswer

CASES: Final = {
    f"PUT of 1 KiB, {connections} connections": connections for connections in (4, 16)
}
CONTENT: Final = b"x" * 1024


def run(run: Run) -> None:
    """New names in a new folder each time."""
    with run.field(*OCSYNC, *DAV_PEERS, scratch=run.disk) as field:
        for number in run.rounds:
            for case, connections in CASES.items():
                folder = f"new-{connections}-{number}"
                for site in field.turns("put", number):
                    with field.trying(case, site):
                        site.ask("MKCOL", f"{folder}/")
                    os.sync()
                    questions = _new_files(site, folder)
                    field.ask(case, site, questions, run, connections=connections)
                    with field.trying(case, site):
                        _look(site, folder)


def _new_files(site: Site, folder: str) -> NewNames:
    length = f"Content-Length: {len(CONTENT)}"
    head = site.head("PUT", f"{folder}/@NAME@", length)
    return NewNames(template=head + CONTENT, prefix="file")


def _look(site: Site, folder: str) -> None:
    """One file of each client is what was sent."""
    for client in range(CLIENTS):
        _, content = site.ask("GET", f"{folder}/file-{client}-1")
        if content != CONTENT:
            raise WrongAnswer(f"{site.name}: PUT: other bytes than were sent")


SCENARIO = Scenario(
    name="small-puts",
    title="PUT of new files of 1 KiB",
    about="""\
Two client processes put new files of 1 KiB into one folder on the disk, on 4 and on 16
keep-alive connections together. At `safe` each answer of ocsync means that file,
folder and database are on the disk; the others, and ocsync at `fast`, sync nothing.
Everything unwritten is synced before each measurement.""",
    rounds=5,
    targets=[
        *(
            Target(case=case, contender="ocsync fast", to="wsgidav", at_least=5)
            for case in CASES
        ),
        Target(
            case=list(CASES)[-1], contender="ocsync safe", to="wsgidav", at_least=1.5
        ),
    ],
    run=run,
)
