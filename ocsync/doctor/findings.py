"""Findings: what an examination has to say, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How it is."""

    WELL = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `fix` says what to do unless it is well."""

    check: str
    verdict: Verdict
    words: str
    fix: str = ""


Findings = Iterator[Finding]


def well(check: str, words: str) -> Finding:
    """It is as it should be."""
    return Finding(check=check, verdict=Verdict.WELL, words=words)


def warning(check: str, words: str, fix: str) -> Finding:
    """It works, but not for ever or not for everybody."""
    return Finding(check=check, verdict=Verdict.WARNING, words=words, fix=fix)


def problem(check: str, words: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(check=check, verdict=Verdict.PROBLEM, words=words, fix=fix)
