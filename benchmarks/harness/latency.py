"""How long one client waits for each answer, one request after the other."""

import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPResponse

from benchmarks.harness.site import Site, WrongAnswer

Check = Callable[[HTTPResponse, bytes], bool]


def waits(
    site: Site,
    request: tuple[str, str, bytes, Mapping[str, str]],
    is_right: Check,
    *,
    seconds: float | None = None,
    count: int | None = None,
) -> list[float]:
    """Ask so long or so often on one connection; the seconds until each answer.

    Raises:
        WrongAnswer: an answer was not right.
    """
    method, path, body, headers = request
    found: list[float] = []
    everything = site.headers(headers)
    with site.asking() as connection:
        end = time.perf_counter() + (seconds or 3600)
        while len(found) < (count or 10**9) and time.perf_counter() < end:
            began = time.perf_counter()
            connection.request(method, site.url(path), body, everything)
            answer = connection.getresponse()
            content = answer.read()
            found.append(time.perf_counter() - began)
            if not is_right(answer, content):
                raise WrongAnswer(f"{site.name}: {method}: {answer.status}")
    if not found:
        raise WrongAnswer(f"{site.name}: no answer")
    return found


def percentile(values: Sequence[float], part: float) -> float:
    """The value that such a part of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
