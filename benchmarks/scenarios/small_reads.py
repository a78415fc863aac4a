"""Small requests that change nothing."""

from benchmarks.harness import propfind
from benchmarks.harness.crowd import Same
from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import DAV_PEERS, OCSYNC, Run, Scenario

GET = "GET of 1 KiB, 8 connections"
PROPFIND = "PROPFIND Depth 0, 8 connections"
CONTENT = b"benchmark " * 102 + b"1024"


def run(run: Run) -> None:
    """One file, asked for again and again."""
    names = ("d:resourcetype", "d:getcontentlength", "d:getlastmodified", "d:getetag")
    body = propfind.body(names)
    lines = [f"{key}: {value}" for key, value in propfind.headers("0").items()]
    with run.field(*OCSYNC, *DAV_PEERS, scratch=run.memory) as field:
        for site in field.sites:
            with field.trying(GET, site):
                site.ask("PUT", "small", CONTENT)
        for number in run.rounds:
            for site in field.turns("get", number):
                read = Same(request=site.head("GET", "small"), contains=CONTENT)
                field.ask(GET, site, read, run, connections=8)
            for site in field.turns("propfind", number):
                length = f"Content-Length: {len(body)}"
                head = site.head("PROPFIND", "small", *lines, length)
                asked = Same(request=head + body, status=b"207", contains=b">1024<")
                field.ask(PROPFIND, site, asked, run, connections=8)


SCENARIO = Scenario(
    name="small-reads",
    title="GET of 1 KiB and PROPFIND Depth 0",
    about="""\
Two client processes ask on 8 keep-alive connections together, each connection again as
soon as it is answered: for a file of 1 KiB, and for four properties of it. ocsync runs
with its default of one worker process for each core and is asked with Basic
authentication and an app token; the others ask for no password. The clients take a
part of the same cores: what is fastest here is held back most by that.""",
    rounds=5,
    targets=[
        Target(case=case, contender=name, to="wsgidav", at_least=6)
        for case in (GET, PROPFIND)
        for name in OCSYNC
    ],
    run=run,
)
