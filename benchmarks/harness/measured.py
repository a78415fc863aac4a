"""Figures: what was measured of whom, and how it compares with what must hold."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

SLOWER_IS_MORE: Final = frozenset({"ms", "s", "us", "MiB"})
"""Units of which less is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One thing measured of one contender, once in each round."""

    case: str
    contender: str
    unit: str
    samples: Sequence[float]
    cpu_us: Sequence[float] = ()
    """CPU time of the server's processes for one of the unit, where it means much."""

    @property
    def median(self) -> float:
        """The middle of the rounds."""
        return statistics.median(self.samples)

    @property
    def low(self) -> float:
        """The least of the rounds."""
        return min(self.samples)

    @property
    def high(self) -> float:
        """The most of the rounds."""
        return max(self.samples)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A contender as it took part."""

    name: str
    version: str
    durability: str
    peaks_mib: Sequence[float]
    """The most memory (RSS) that each of its processes had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What must hold: a measure, or its ratio to another one, within a bound."""

    case: str
    contender: str
    to: str = ""
    """The contender it is compared with."""

    to_case: str = ""
    """What of that contender, if not the same."""

    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    """Of a bound that is no ratio."""

    is_speed: bool = False
    """The measure is a time, and the bound says how many times as fast it must be."""

    @property
    def is_ratio(self) -> bool:
        """Whether it is compared with another measure."""
        return bool(self.to or self.to_case)

    @property
    def says(self) -> str:
        """The target in words."""
        bounds = []
        times = "times as fast as" if self.is_speed else "x"
        whom = " ".join(filter(None, (self.to, self.to_case)))
        after = f" {times} {whom}" if self.is_ratio else f" {self.unit}"
        if self.at_least is not None:
            bounds.append(f"≥ {self.at_least:g}{after}")
        if self.at_most is not None:
            bounds.append(f"≤ {self.at_most:g}{after}")
        return f"{self.contender}, {self.case}: {', '.join(bounds)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a target."""

    says: str
    value: float
    low: float
    high: float
    is_met: bool


@dataclass(slots=True)
class Record:
    """Everything measured in one scenario."""

    samples: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    cpu_us: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    seats: dict[str, Seat] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    """Contenders that are not here, each with the reason."""

    wrong: dict[tuple[str, str], str] = field(default_factory=dict)
    """Case and contender: the first answer that was not the right one."""

    notes: list[str] = field(default_factory=list)

    def add(
        self,
        case: str,
        contender: str,
        value: float,
        unit: str,
        *,
        cpu_us: float | None = None,
    ) -> None:
        """Note the figure of one round."""
        assert self.units.setdefault(case, unit) == unit, case
        self.samples.setdefault((case, contender), []).append(value)
        if cpu_us is not None:
            self.cpu_us.setdefault((case, contender), []).append(cpu_us)

    def refuse(self, case: str, contender: str, reason: str) -> None:
        """Take back what was noted: a wrong answer has no speed."""
        self.wrong[case, contender] = reason
        self.samples.pop((case, contender), None)
        self.cpu_us.pop((case, contender), None)
        print(f"  wrong answer: {contender}: {case}: {reason}", flush=True)

    def measures(self) -> list[Measure]:
        """All of it, in the order in which it was first noted."""
        cases = list(self.units)
        return sorted(
            (
                Measure(
                    case=case,
                    contender=contender,
                    unit=self.units[case],
                    samples=samples,
                    cpu_us=self.cpu_us.get((case, contender), ()),
                )
                for (case, contender), samples in self.samples.items()
            ),
            key=lambda each: cases.index(each.case),
        )


def judge(target: Target, measures: Sequence[Measure]) -> Verdict | None:
    """Hold the figures against a target; None if one of them was not measured."""
    found = {(each.case, each.contender): each for each in measures}
    own = found.get((target.case, target.contender))
    other = found.get((target.to_case or target.case, target.to or target.contender))
    if own is None or other is None:
        return None
    value, rounds = own.median, list(own.samples)
    if target.is_ratio:
        top, bottom = (other, own) if target.is_speed else (own, other)
        value, rounds = top.median / bottom.median, ratios(top, bottom)
    is_met = (target.at_least is None or value >= target.at_least) and (
        target.at_most is None or value <= target.at_most
    )
    return Verdict(
        says=target.says,
        value=value,
        low=min(rounds),
        high=max(rounds),
        is_met=is_met,
    )


def ratios(top: Measure, bottom: Measure) -> list[float]:
    """The ratio within each round, or of the extremes if rounds do not pair."""
    if len(top.samples) == len(bottom.samples):
        return [a / b for a, b in zip(top.samples, bottom.samples, strict=True)]
    return [top.low / bottom.high, top.high / bottom.low]
