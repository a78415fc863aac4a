"""`ocsync doctor`: what is wrong with this installation, and what to do about it."""

from pathlib import Path

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import print_json, print_rows
from ocsync.doctor.examination import Examination
from ocsync.doctor.findings import Finding, Verdict
from ocsync.settings import LoadedSettings


@click.command()
@click.option("--quick", is_flag=True, help="Do not look whether all content is there.")
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Authorities (PEM) that clients trust, instead of the system's.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def doctor(
    *, loaded: LoadedSettings, quick: bool, ca_file: Path | None, as_json: bool
) -> int:
    """Examine everything, also from outside, and say what to do.

    Give it the settings of the server, and run it as the same user while the server
    runs: it makes real requests through the public URL, as clients do. The exit code
    is 1 if anything does not work.
    """
    found = list(Examination(loaded=loaded, is_quick=quick, ca_file=ca_file).run())
    if as_json:
        print_json({"findings": [_row(each) for each in found]})
    else:
        _print(found)
    return int(any(each.verdict is Verdict.PROBLEM for each in found))


def _print(found: list[Finding]) -> None:
    columns = ("verdict", "check", "finding")
    rows = [{**_row(each), "finding": _sentence(each)} for each in found]
    print_rows(rows, columns=columns, as_json=False, empty="")
    problems = sum(each.verdict is Verdict.PROBLEM for each in found)
    warnings = sum(each.verdict is Verdict.WARNING for each in found)
    click.echo(f"problems: {problems}, warnings: {warnings}", err=True)


def _sentence(each: Finding) -> str:
    return f"{each.words}\n→ {each.fix}" if each.fix else each.words


def _row(each: Finding) -> dict[str, object]:
    return {
        "verdict": each.verdict.value,
        "check": each.check,
        "finding": each.words,
        "fix": each.fix or None,
    }
