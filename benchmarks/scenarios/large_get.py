"""GET of a large file, whole and in ranges."""

from benchmarks.harness.crowd import RandomRanges
from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import DAV_PEERS, OCSYNC, Run, Scenario
from benchmarks.harness.transfers import MIB, PATTERN, get, put

WHOLE = "GET of 512 MiB"
RANGES = "random ranges of 64 KiB, 8 connections"
LENGTH = 64 * 1024


def run(run: Run) -> None:
    """Put the file there once, then read."""
    size = run.extent.many(512)
    with run.field("raw", *OCSYNC, *DAV_PEERS, scratch=run.memory) as field:
        for site in field.sites:
            with field.trying(WHOLE, site):
                put(site, "large", size)
                get(site, "large", size, is_checked=True)
        field.tidy()
        for number in run.rounds:
            for site in field.turns("get", number):
                with field.rating(WHOLE, site, "MiB/s") as done:
                    done.count = get(site, "large", size)
            for site in field.turns("ranges", number):
                template = site.head("GET", "large", "Range: bytes=@RANGE@")
                questions = RandomRanges(
                    template=template, length=LENGTH, size=size * MIB, pattern=PATTERN
                )
                field.ask(RANGES, site, questions, run, connections=8)


SCENARIO = Scenario(
    name="large-get",
    title="GET of 512 MiB, whole and in ranges",
    about="""\
One client reads a file of 512 MiB from a tmpfs on one connection; then two client
processes read ranges of 64 KiB anywhere in it, on 8 keep-alive connections together.
`raw` is a bare loop of read and send. Every range is compared with what it must be,
the whole file once before the first round.""",
    rounds=5,
    targets=[
        *(
            Target(case=WHOLE, contender="ocsync safe", to=to, at_least=0.9)
            for to in ("raw", "apache")
        ),
        Target(
            case=RANGES, contender="ocsync safe", at_least=10_000, unit="requests/s"
        ),
    ],
    run=run,
)
