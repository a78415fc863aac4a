"""The results of a scenario: as a value, and as a file that is kept."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.measured import Measure, Seat, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that a scenario came to."""

    scenario: str
    title: str
    about: str
    when: str
    load: str
    """Of the machine: before and after."""

    seconds: float
    """How long the scenario took."""

    rounds: int
    scale: float
    machine: dict[str, str]
    seats: Sequence[Seat]
    measures: Sequence[Measure]
    verdicts: Sequence[Verdict]
    unjudged: Sequence[str]
    """Targets for which something was not measured."""

    left_out: Sequence[str]
    wrong: Sequence[str]
    notes: Sequence[str]

    @property
    def is_good(self) -> bool:
        """Whether ocsync answered rightly and all that was judged holds."""
        return all(each.is_met for each in self.verdicts) and not any(
            each.startswith("ocsync") for each in self.wrong
        )


def save(results: Results, folder: Path) -> None:
    """Keep them as JSON."""
    text = json.dumps(_rounded(asdict(results)), indent=1, ensure_ascii=False)
    (folder / f"{results.scenario}.json").write_text(text + "\n")


def load(path: Path) -> Results:
    """Read them again."""
    found: dict[str, Any] = json.loads(path.read_text())
    found["seats"] = [Seat(**each) for each in found["seats"]]
    found["measures"] = [Measure(**each) for each in found["measures"]]
    found["verdicts"] = [Verdict(**each) for each in found["verdicts"]]
    return Results(**found)


def _rounded(value: Any) -> Any:
    """Six digits are more than enough."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
