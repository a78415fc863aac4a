"""The command line of the benchmarks: `python -m benchmarks --help`."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.harness import machine, page, plot, results, tables
from benchmarks.harness.crowd import Clients, client_processes
from benchmarks.harness.measured import Record, judge
from benchmarks.harness.results import Results
from benchmarks.harness.scenario import Extent, Run, Scenario, folders
from benchmarks.scenarios.every import SCENARIOS

RESULTS: Final = Path(__file__).parent / "results"
_USUAL_SECONDS: Final = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, show, keep, and judge if asked to."""
    options = _options(arguments)
    if options.list:
        for each in SCENARIOS:
            print(f"{each.name:<20} {each.title}")
        return 0
    if options.draw:
        _draw(options.results)
        return 0
    chosen = [each for each in SCENARIOS if each.name in (options.names or _names())]
    extent = Extent(
        rounds=options.rounds,
        scale=options.scale,
        seconds=options.seconds,
        servers=options.servers.split(",") if options.servers else None,
    )
    options.results.mkdir(parents=True, exist_ok=True)
    good = True
    expected = [_expected_seconds(each, extent) for each in chosen]
    with client_processes() as clients:
        for number, scenario in enumerate(chosen):
            left = tables.duration(sum(expected[number:]))
            print(f"\n== {scenario.name}: {scenario.title}", flush=True)
            print(f"   {number + 1} of {len(chosen)}; {left} to go", flush=True)
            found = run(scenario, extent, clients, options.disk)
            tables.show(found)
            results.save(found, options.results)
            _draw(options.results)
            good = good and found.is_good
    return 1 if options.check and not good else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--list", action="store_true", help="name the scenarios")
    parser.add_argument(
        "--draw", action="store_true", help="charts and page of what is kept, no more"
    )
    parser.add_argument("--rounds", type=int, help="by default each has its own")
    parser.add_argument("--seconds", type=float, default=0.8, help="of one measurement")
    parser.add_argument("--scale", type=float, default=1.0, help="of sizes and counts")
    parser.add_argument("--servers", help="only these, with commas: raw,ocsync safe")
    parser.add_argument("--disk", type=Path, help="folder on the disk to measure")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where they go")
    parser.add_argument(
        "--check", action="store_true", help="fail if a target is missed"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(_names()):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; see --list")
    return options


def _expected_seconds(scenario: Scenario, extent: Extent) -> float:
    """What a scenario will take, by what it took when its kept results were made."""
    kept = RESULTS / f"{scenario.name}.json"
    if not kept.exists():
        return _USUAL_SECONDS
    last = results.load(kept)
    rounds = (extent.rounds or scenario.rounds) / last.rounds
    return last.seconds * rounds * extent.scale / last.scale


def _draw(folder: Path) -> None:
    """Make charts and page anew, of the results that are kept."""
    for path in folder.glob("*.json"):
        path.with_suffix(".svg").write_text(plot.draw(results.load(path)))
    page.write(folder, _names())


def _names() -> list[str]:
    return [each.name for each in SCENARIOS]


def run(
    scenario: Scenario, extent: Extent, clients: Clients, disk: Path | None
) -> Results:
    """Run one scenario to its end."""
    record = Record()
    before, began = machine.load(), time.monotonic()
    with folders(disk) as (on_disk, in_memory):
        this = Run(scenario, extent, clients, record, on_disk, in_memory)
        try:
            scenario.run(this)
        except Exception as error:  # noqa: BLE001  # the others are still to be measured
            record.refuse("all of it", "ocsync", str(error) or repr(error))
        described = machine.description(on_disk, in_memory)
    measures = record.measures()
    judged = [(target, judge(target, measures)) for target in scenario.targets]
    return Results(
        scenario=scenario.name,
        title=scenario.title,
        about=scenario.about,
        when=machine.now(),
        load=f"{before} - {machine.load()}",
        seconds=time.monotonic() - began,
        rounds=len(this.rounds),
        scale=extent.scale,
        machine=described,
        seats=list(record.seats.values()),
        measures=measures,
        verdicts=[verdict for _, verdict in judged if verdict is not None],
        unjudged=[target.says for target, verdict in judged if verdict is None],
        left_out=record.left_out,
        wrong=[f"{who}, {case}: {why}" for (case, who), why in record.wrong.items()],
        notes=record.notes,
    )


if __name__ == "__main__":
    # A terminated run stops what it has started, and removes what it has written, as an
    # interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
