"""`ocsync fsck`: does what the database says agree with what is stored?"""

import click

from ocsync.cli.options import with_settings
from ocsync.cli.output import print_json
from ocsync.library import open_library
from ocsync.settings import LoadedSettings
from spaces.findings import Finding
from spaces.fsck import Fsck
from spaces.repair import Repair


@click.command()
@click.option(
    "--deep", is_flag=True, help="Also read all content and compare checksums."
)
@click.option("--repair", is_flag=True, help="Put right what can be without any loss.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def fsck(*, loaded: LoadedSettings, deep: bool, repair: bool, as_json: bool) -> int:
    """Check database and content, also while the server runs.

    Prints one line for each finding. Garbage, which a crash may leave and the server
    clears away in time, is told but is nothing wrong. The exit code is 1 if anything
    is wrong (with --repair: is still wrong).
    """
    with open_library(loaded.settings) as library:
        checker = Fsck(database=library.database, blobs=library.blobs)
        findings = list(checker.check(deep=deep))
        repaired = 0
        if repair:
            fixer = Repair(database=library.database, uploads=library.uploads)
            repaired = fixer.run(findings)
        if repaired:
            findings = list(checker.check(deep=deep))
    if as_json:
        print_json(
            {"repaired": repaired, "findings": [_row(each) for each in findings]}
        )
    else:
        for each in findings:
            click.echo(str(each))
        click.echo(_summary(findings, repaired), err=True)
    return int(any(not each.is_sweepable for each in findings))


def _summary(findings: list[Finding], repaired: int) -> str:
    wrong = sum(not each.is_sweepable for each in findings)
    words = [f"{wrong} wrong" if wrong else "nothing is wrong"]
    if garbage := len(findings) - wrong:
        words.append(f"{garbage} pieces of garbage wait to be cleared away")
    if repaired:
        words.append(f"{repaired} repaired")
    return ", ".join(words)


def _row(each: Finding) -> dict[str, object]:
    return {
        "kind": each.kind.name.lower(),
        "subject": each.subject,
        "detail": each.detail,
        "is_sweepable": each.is_sweepable,
        "is_repairable": each.is_repairable,
    }
