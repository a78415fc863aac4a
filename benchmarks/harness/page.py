"""The page of results, made of the files of results and nothing else."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness import tables
from benchmarks.harness.results import Results, load

_HEAD = """\
# Results

Made by `make bench` from the JSON files beside this page; nothing here is typed in.
[How it is measured, and what the columns mean](../README.md);
[what it means, and where the time goes](../../docs/performance.md).
Figures of different scenarios, and of different runs, do not compare: ratios within
one scenario do.
"""


def write(folder: Path, order: Sequence[str]) -> None:
    """Make the page anew."""
    found = [folder / f"{name}.json" for name in order]
    everything = [load(path) for path in found if path.exists()]
    (folder / "README.md").write_text(text(everything))


def text(everything: Sequence[Results]) -> str:
    """The whole page."""
    parts = [_HEAD, _overview(everything)]
    parts += [_section(each) for each in everything]
    return "\n".join(parts)


def _overview(everything: Sequence[Results]) -> str:
    table: list[tuple[str, ...]] = [
        ("scenario", "targets that hold", "measured", "load")
    ]
    for each in everything:
        met = sum(verdict.is_met for verdict in each.verdicts)
        of = len(each.verdicts) + len(each.unjudged)
        link = f"[{each.title}](#{_anchor(each.title)})"
        table.append((link, f"{met} of {of}", each.when, each.load))
    return tables.as_markdown(table) + "\n"


def _anchor(title: str) -> str:
    kept = "".join(each for each in title.lower() if each.isalnum() or each in "- _")
    return kept.replace(" ", "-")


def _section(results: Results) -> str:
    lines = [f"## {results.title}", "", results.about, ""]
    lines += [f"![{results.title}]({results.scenario}.svg)", ""]
    if len(table := tables.verdict_rows(results)) > 1:
        lines += [tables.as_markdown(table), ""]
    for (case, unit), measures in tables.cases(results).items():
        table = tables.rows(measures)
        lines += [f"**{case}**, {unit}", "", tables.as_markdown(table), ""]
    lines += [f"- {note}" for note in results.notes]
    lines += [f"- Wrong answer, so no figure: {each}" for each in results.wrong]
    lines += [f"- Left out: {each}" for each in results.left_out]
    lines += ["", "What took part, and what its answer to a write promises:", ""]
    lines += [tables.as_markdown(tables.seat_rows(results)), ""]
    lines += [_circumstances(results), ""]
    return "\n".join(lines)


def _circumstances(results: Results) -> str:
    machine = ", ".join(f"{key} {value}" for key, value in results.machine.items())
    less = "" if results.scale == 1 else f" at {results.scale:g} of the size"
    return (
        f"`make bench BENCH={results.scenario}`, {results.rounds} rounds{less},"
        f" {results.seconds:.0f} s, {results.when}; load average before and after:"
        f" {results.load}. {machine}."
    )
