"""PUT of a large file on one stream, with everything in memory."""

from benchmarks.harness.measured import Target
from benchmarks.harness.scenario import DAV_PEERS, OCSYNC, Run, Scenario
from benchmarks.harness.transfers import MIB, get, put
from benchmarks.harness.warm_memory import warm_pages

CASE = "PUT"
NEW_PAGES = "raw, new file"
BOUNDS = {"raw": 0.40, "wsgidav": 2.5, "apache": 1.0, "nginx": 1.0}


def run(run: Run) -> None:
    """Each in turn, each time a new file."""
    size = run.extent.many(512)
    with run.field("raw", *OCSYNC, *DAV_PEERS, scratch=run.memory) as field:
        for number in run.rounds:
            for site in field.turns("put", number):
                if site.name == "raw":
                    if not number:
                        with field.trying(CASE, site):
                            put(site, "large", size)  # makes the pages
                    with field.rating(CASE, site, "MiB/s") as done:
                        done.count = put(site, "large", size)
                path = f"large-{number}"
                label = NEW_PAGES if site.name == "raw" else ""
                with (
                    warm_pages(run.memory, size * MIB),
                    field.rating(CASE, site, "MiB/s", label=label) as done,
                ):
                    done.count = put(site, path, size)
                if not number:
                    with field.trying(CASE, site):
                        get(site, path, size, is_checked=True)
            field.tidy(f"large-{number}")


SCENARIO = Scenario(
    name="large-put",
    title="PUT of 512 MiB",
    about="""\
One client sends a new file of 512 MiB on one connection. All data lies on a tmpfs, so
this is what the CPU does; a sync costs next to nothing there, which is why `safe` and
`fast` do not differ. `raw` writes over the pages of the same file again and again. The
servers need new pages, and get such as have been in use a moment ago (on a virtual
machine others are slow beyond measure): `raw, new file` is the same loop under that
condition, and shows what the pages alone cost. ocsync computes SHA1 and ADLER32
meanwhile, copyparty its own checksum, the others none. In the first round the file is
read back and compared.""",
    rounds=5,
    targets=[
        *(
            Target(case=CASE, contender=name, to=to, at_least=bound)
            for name in OCSYNC
            for to, bound in BOUNDS.items()
        )
    ],
    run=run,
)
