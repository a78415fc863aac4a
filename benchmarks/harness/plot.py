"""Charts as SVG: a panel for each case, a bar for each contender.

A bar ends at the median; the thin line shows the range of the rounds.
"""

from collections.abc import Sequence
from html import escape
from typing import Final

from benchmarks.harness.measured import SLOWER_IS_MORE, Measure
from benchmarks.harness.results import Results
from benchmarks.harness.tables import cases, number

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_WIDTH: Final = 760
_LABELS: Final = 210
_FIGURES: Final = 70
_BAR: Final = 22
_PANEL_TOP: Final = 34
_COLOURS: Final = {"ocsync safe": "#1f6feb", "ocsync fast": "#58a6ff", "raw": "#6e7781"}
_OTHERS: Final = "#b6bec7"
_STYLE: Final = (
    "text{font:12px system-ui,sans-serif;fill:#24292f}"
    ".title{font-size:15px;font-weight:600}.case{font-weight:600}"
    ".range{stroke:#24292f;stroke-width:1.5}.figure{font-size:11px}"
)


def draw(results: Results) -> str:
    """The chart of one scenario."""
    parts: list[str] = []
    y = 40
    for (case, unit), measures in cases(results).items():
        parts += _panel(y, f"{case}, {unit}", unit, measures)
        y += _PANEL_TOP + _BAR * len(measures) + 12
    height = y + 6
    size = f'width="{_WIDTH}" height="{height}"'
    note = f"median and range of {results.rounds} rounds, {results.when}"
    return "\n".join(
        [
            f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {_WIDTH} {height}" {size}>',
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            _text(12, 24, results.title, "title"),
            _text(_WIDTH - 12, 24, note, "figure", anchor="end"),
            *parts,
            "</svg>",
            "",
        ]
    )


def _panel(y: int, title: str, unit: str, measures: Sequence[Measure]) -> list[str]:
    better = "less is better" if unit in SLOWER_IS_MORE else "more is better"
    parts = [_text(12, y + 20, title if unit == "%" else f"{title} ({better})", "case")]
    room = _WIDTH - _LABELS - _FIGURES - 24
    most = max(each.high for each in measures) or 1.0
    for index, each in enumerate(measures):
        top = y + _PANEL_TOP + index * _BAR
        parts += _bar(top, each, room / most)
    return parts


def _bar(top: int, each: Measure, pixels: float) -> list[str]:
    left = 12 + _LABELS
    middle = top + _BAR / 2 - 2
    low, high = left + each.low * pixels, left + each.high * pixels
    colour = _COLOURS.get(each.contender.partition(",")[0], _OTHERS)
    width = max(each.median * pixels, 1)
    box = f'x="{left}" y="{top}" width="{width:.1f}" height="{_BAR - 5}"'
    ends = f'x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"'
    return [
        _text(left - 8, middle + 4, each.contender, anchor="end"),
        f'<rect {box} fill="{colour}"/>',
        f'<line class="range" {ends}/>',
        _text(max(high, left + width) + 6, middle + 4, number(each.median), "figure"),
    ]


def _text(
    x: float, y: float, text: str, kind: str = "", *, anchor: str = "start"
) -> str:
    style = f' class="{kind}"' if kind else ""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}'
    return f"<text {place}>{escape(text)}</text>"
