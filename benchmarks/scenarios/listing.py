"""Listing a large folder."""

import time
from collections.abc import Sequence
from typing import Final

from benchmarks.harness import ocsync_server, processes, propfind
from benchmarks.harness.field import Field
from benchmarks.harness.measured import Target
from benchmarks.harness.planting import Planter
from benchmarks.harness.scenario import DAV_PEERS, Run, Scenario
from benchmarks.harness.site import Site, WrongAnswer
from spaces.clock import system_clock
from spaces.ids import SpaceId

FILES: Final = 10_000
OCSYNC: Final = "ocsync safe"
TIME: Final = "PROPFIND Depth 1 of 10,000 files"
FIRST: Final = "first byte of it"
EACH: Final = "each file of the folder"
OF_FEW, OF_MANY = f"{OCSYNC}, 10,000 files", f"{OCSYNC}, 100,000 files"
GROWTH: Final = "growth of the largest process by it"


def run(run: Run) -> None:
    """Plant, warm up, list."""
    few, many = run.extent.many(FILES), run.extent.many(FILES * 10)
    with run.field(OCSYNC, *DAV_PEERS, scratch=run.memory) as field:
        able = field.turns("propfind", 0)
        before: dict[str, list[float]] = {}
        for site in able:
            with field.trying(TIME, site):
                fill(field, site, "few", few)
                fill(field, site, "one", 1)
                for _ in range(8):
                    list_folder(site, "one", 1)
                before[site.name] = processes.peaks_mib(site.pid)
        for number in run.rounds:
            for site in field.turns("propfind", number):
                with field.trying(TIME, site):
                    first, whole = list_folder(site, "few", few)
                    field.record.add(TIME, site.name, whole * 1000, "ms")
                    field.record.add(FIRST, site.name, first * 1000, "ms")
        _note_growth(field, able, before)
        _list_many(run, field, few, many)


def _list_many(run: Run, field: Field, few: int, many: int) -> None:
    site = field.site(OCSYNC)
    if site is None:
        return
    with field.trying(EACH, site):
        fill(field, site, "many", many)
        for _ in run.rounds:
            for label, folder, count in (
                (OF_FEW, "few", few),
                (OF_MANY, "many", many),
            ):
                _, whole = list_folder(site, folder, count)
                field.record.add(EACH, label, whole / count * 1_000_000, "us")


def _note_growth(
    field: Field, able: Sequence[Site], before: dict[str, list[float]]
) -> None:
    for site in able:
        after = processes.peaks_mib(site.pid)
        pairs = zip(after, before.get(site.name, after), strict=False)
        growth = max((now - then for now, then in pairs), default=0.0)
        field.record.add(GROWTH, site.name, growth, "MiB")


def names_of(count: int) -> list[str]:
    """File names as people give them: half of them need encoding in URLs."""
    return [
        f"file-{number}.txt" if number % 2 else f"Überblick {number}.pdf"
        for number in range(count)
    ]


def fill(field: Field, site: Site, folder: str, count: int) -> None:
    """Make a folder of so many files, without asking the server to."""
    if not site.name.startswith("ocsync"):
        place = field.scratch / site.name / "files" / folder
        place.mkdir()
        for name in names_of(count):
            (place / name).touch()
        return
    with ocsync_server.opened(field.data_of(site), "safe") as library:
        space_id = SpaceId(library.accounts.get(ocsync_server.ACCOUNT).id)
        planter = Planter(library, space_id, system_clock())
        planter.plant(planter.folder(space_id, folder, names_of(count)))


def list_folder(site: Site, folder: str, count: int) -> tuple[float, float]:
    """Seconds until the first byte of the body, and until the last."""
    names = propfind.SYNCING if site.name.startswith("ocsync") else propfind.PLAIN
    headers = site.headers(propfind.headers("1"))
    with site.asking() as connection:
        began = time.perf_counter()
        url = site.url(f"{folder}/")
        connection.request("PROPFIND", url, propfind.body(names), headers)
        answer = connection.getresponse()
        start = answer.read(1)
        first = time.perf_counter() - began
        content = start + answer.read()
        whole = time.perf_counter() - began
    hrefs = content.count(b"href>") // 2
    if answer.status != 207 or hrefs != count + 1:
        raise WrongAnswer(f"{site.name}: PROPFIND: {answer.status}, {hrefs} hrefs")
    return first, whole


SCENARIO = Scenario(
    name="listing",
    title="PROPFIND of a folder of 10,000 files",
    about="""\
One client lists a folder of 10,000 files (Depth 1), half of them with names that need
encoding. ocsync is asked for 15 properties, among them ids, permissions and checksums;
the others for the 7 that stock wsgidav knows. Memory is how much the largest process
of each server grew by all these listings. ocsync then lists 100,000 files too: what
one of them takes must be the same.""",
    rounds=7,
    targets=[
        Target(case=TIME, contender=OCSYNC, to="wsgidav", at_least=6, is_speed=True),
        Target(case=TIME, contender=OCSYNC, to="rclone", at_most=1.1),
        Target(case=FIRST, contender=OCSYNC, at_most=20, unit="ms"),
        Target(case=GROWTH, contender=OCSYNC, at_most=5, unit="MiB"),
        Target(case=EACH, contender=OF_MANY, to=OF_FEW, at_most=1.2),
    ],
    run=run,
)
