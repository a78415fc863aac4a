"""The drawing of an upload's phases, by asking the rules what follows from what.

Each phase is put before `decide` with each command; the effects tell the next phase.
Where the phases stand on the sheet is the only thing that is said here.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape

from ocsync.uploads.commands import (
    Abort,
    Append,
    Chunk,
    Command,
    Create,
    Outcome,
    Probe,
    Received,
)
from ocsync.uploads.rules import (
    Discard,
    Effect,
    Finish,
    Forget,
    Keep,
    Limits,
    Phase,
    Reserve,
    State,
    decide,
)

_LENGTH: Final = 10
_PLACES: Final = {
    Phase.ABSENT: (90, 180),
    Phase.OPEN: (330, 180),
    Phase.RECEIVED: (570, 180),
    Phase.FINISHED: (810, 180),
    Phase.GONE: (450, 330),
}
_STATES: Final = {
    Phase.ABSENT: State(Phase.ABSENT),
    Phase.OPEN: State(Phase.OPEN, offset=4, length=_LENGTH),
    Phase.RECEIVED: State(Phase.RECEIVED, offset=_LENGTH, length=_LENGTH),
    Phase.FINISHED: State(Phase.FINISHED, offset=_LENGTH, length=_LENGTH),
    Phase.GONE: State(Phase.GONE, offset=4, length=_LENGTH),
}
_APART: Final = 240
_WIDTH, _HEIGHT = 120, 44
_STYLE: Final = (
    "text{font:13px sans-serif;text-anchor:middle;fill:#333}"
    "rect{fill:#eef3fb;stroke:#4a6fa5;stroke-width:1.5}"
    "path{fill:none;stroke:#4a6fa5;stroke-width:1.5;marker-end:url(#tip)}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}rect{fill:#24344d}}"
)
_TIP: Final = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
    'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" '
    'style="fill:#4a6fa5;marker-end:none"/></marker></defs>'
)


def _commands(phase: Phase) -> Iterator[tuple[str, Command]]:
    """What can be asked in a phase, by the name it has in the drawing."""
    offset = _STATES[phase].offset
    if phase is Phase.ABSENT:
        yield "POST", Create(length=_LENGTH)
        yield "POST of nothing", Create(length=0)
    yield "HEAD", Probe()
    yield "DELETE", Abort()
    yield "empty PATCH", Append(offset=offset, chunk=Chunk(length=0))
    if phase is Phase.OPEN:
        some, rest = Chunk(length=3), Chunk(length=6)
        yield "bytes", Received(some, offset, Outcome.WHOLE)
        yield "connection cut", Received(some, offset, Outcome.CUT)
        yield "wrong checksum", Received(some, offset, Outcome.MISMATCH)
        yield "last bytes", Received(rest, offset, Outcome.WHOLE)


def transitions() -> dict[tuple[Phase, Phase], list[str]]:
    """What leads from phase to phase, as the rules have it."""
    found = defaultdict[tuple[Phase, Phase], list[str]](list)
    for phase, state in _STATES.items():
        for name, command in _commands(phase):
            before = state
            if name == "last bytes":
                before = _STATES[Phase.RECEIVED]
            effects = decide(before, command, Limits())
            for step in _steps(phase, effects):
                if name not in found[step]:
                    found[step].append(name)
    return dict(found)


def _steps(phase: Phase, effects: tuple[Effect, ...]) -> Iterator[tuple[Phase, Phase]]:
    """The phases that the effects lead through; phase to itself if they change none."""
    at = phase
    for effect in effects:
        match effect:
            case Reserve():
                following = Phase.OPEN
            case Keep():
                following = Phase.RECEIVED if Finish() in effects else Phase.OPEN
            case Finish():
                following = Phase.FINISHED
            case Discard():
                following = Phase.GONE
            case Forget():
                following = Phase.ABSENT
            case _:
                continue
        yield at, following
        at = following
    if at is phase:
        yield phase, phase


def state_drawing() -> str:
    """The phases as boxes, and what leads from one to another as arrows."""
    found = transitions()
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 430" role="img">',
        "<title>The phases of an upload</title>",
        f"<style>{_STYLE}</style>",
        _TIP,
    ]
    for (start, end), names in found.items():
        parts.append(_loop(start, names) if start is end else _arrow(start, end, names))
    for phase, (x, y) in _PLACES.items():
        parts.append(
            f'<rect x="{x - _WIDTH // 2}" y="{y - _HEIGHT // 2}" width="{_WIDTH}" '
            f'height="{_HEIGHT}" rx="8"/>'
            f'<text x="{x}" y="{y + 5}">{phase.name.lower()}</text>'
        )
    return "\n".join((*parts, "</svg>", ""))


def _loop(phase: Phase, names: list[str]) -> str:
    """What changes nothing stands under the box."""
    x, y = _PLACES[phase]
    return "".join(
        f'<text x="{x}" y="{y + _HEIGHT // 2 + 16 + 15 * line}" '
        f'style="font-size:11px;fill:#777">{escape(name)}</text>'
        for line, name in enumerate(names)
    )


def _arrow(start: Phase, end: Phase, names: list[str]) -> str:
    (x1, y1), (x2, y2) = _PLACES[start], _PLACES[end]
    half_width, half_height = _WIDTH // 2, _HEIGHT // 2
    if y1 != y2:
        side = 1 if x1 < x2 else -1
        line = (
            f"M{x1 + 50 * side} {y1 + half_height}L{x2 - 25 * side} {y2 - half_height}"
        )
        x, y = (x1 + x2) // 2 - 15 * side, (y1 + y2) // 2 + 48
    elif x2 - x1 == _APART:
        line = f"M{x1 + half_width} {y1}L{x2 - half_width} {y2}"
        x, y = (x1 + x2) // 2, y1 - 8
    else:
        lift = y1 - half_height
        peak = lift - (60 if x1 < x2 else 150)
        line = f"M{x1} {lift}C{x1} {peak} {x2} {peak} {x2} {lift}"
        x, y = (x1 + x2) // 2, (lift + 3 * peak) // 4 - 6
    labels = "".join(
        f'<text x="{x}" y="{y - 16 * line}">{escape(name)}</text>'
        for line, name in enumerate(reversed(names))
    )
    return f'<path d="{line}"/>{labels}'
