"""Results as tables: for a terminal, and in Markdown."""

from collections.abc import Sequence
from typing import Final

from benchmarks.harness.measured import Measure
from benchmarks.harness.results import Results

Row = tuple[str, ...]
HEADINGS: Final[Row] = ("server", "median", "range", "x wsgidav", "x raw", "CPU us")
SEATS: Final[Row] = ("server", "version", "durability", "peak RSS, MiB")


def number(value: float) -> str:
    """Three digits, and no more than are known."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """As people say it, when it is no more than a guess."""
    if seconds < 90:
        return f"about {max(round(seconds / 5) * 5, 5)} s"
    return f"about {round(seconds / 60)} min"


def cases(results: Results) -> dict[tuple[str, str], list[Measure]]:
    """Case and unit, with what was measured of whom."""
    found: dict[tuple[str, str], list[Measure]] = {}
    for each in results.measures:
        found.setdefault((each.case, each.unit), []).append(each)
    return found


def rows(measures: Sequence[Measure]) -> list[Row]:
    """A table of one case, headings first; columns that say nothing are left out."""
    medians = {each.contender: each.median for each in measures}
    table: list[Row] = [HEADINGS]
    for each in measures:
        ratios = [
            number(each.median / medians[name])
            if name in medians and name != each.contender
            else ""
            for name in ("wsgidav", "raw")
        ]
        cpu = each.cpu_us
        table.append(
            (
                each.contender,
                number(each.median),
                f"{number(each.low)} - {number(each.high)}",
                *ratios,
                number(sorted(cpu)[len(cpu) // 2]) if cpu else "",
            )
        )
    used = [
        index for index in range(len(HEADINGS)) if any(row[index] for row in table[1:])
    ]
    return [tuple(row[index] for index in used) for row in table]


def seat_rows(results: Results) -> list[Row]:
    """What took part, headings first, with the peak memory of each process."""
    table: list[Row] = [SEATS]
    for seat in results.seats:
        peaks = " + ".join(number(peak) for peak in seat.peaks_mib)
        table.append((seat.name, seat.version, seat.durability, peaks))
    return table


def verdict_rows(results: Results) -> list[Row]:
    """The targets and what came of them, headings first."""
    table: list[Row] = [("must hold", "is", "range", "")]
    for each in results.verdicts:
        spread = f"{number(each.low)} - {number(each.high)}"
        met = "holds" if each.is_met else "MISSED"
        table.append((each.says, number(each.value), spread, met))
    table += [(says, "not measured", "", "") for says in results.unjudged]
    return table


def as_text(table: Sequence[Row]) -> str:
    """Aligned columns, the first to the left."""
    widths = [max(len(row[index]) for row in table) for index in range(len(table[0]))]
    return "\n".join(
        "  "
        + "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    )


def as_markdown(table: Sequence[Row]) -> str:
    """The same in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in table]
    lines.insert(1, "|" + "---|" * len(table[0]))
    return "\n".join(lines)


def show(results: Results) -> None:
    """Print everything."""
    for (case, unit), measures in cases(results).items():
        print(f"\n{case}, {unit}\n{as_text(rows(measures))}")
    if len(table := verdict_rows(results)) > 1:
        print(f"\n{as_text(table)}")
    print(f"\n{as_text(seat_rows(results))}")
    for line in (*results.wrong, *results.notes):
        print(f"  {line}")
    print(f"  took {results.seconds:.0f} s, load {results.load}", flush=True)
