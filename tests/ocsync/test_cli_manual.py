"""What is made from the definitions of the commands: manual page and completion."""

import subprocess

import click
import pytest

from ocsync.cli.commands import cli
from ocsync.cli.entry import run as run_here
from ocsync.cli.manual import manual_page
from tests.ocsync.conftest import Run
from tests.programs import ROOT, require_program

PAGE = ROOT / "docs" / "ocsync.1"


def test_the_manual_page_is_up_to_date() -> None:
    """`ocsync man > docs/ocsync.1` makes it so."""
    assert PAGE.read_text() == f"{manual_page()}\n"


def test_the_manual_page_can_be_read() -> None:
    """Groff has nothing to complain of, and every command is in it."""
    groff = require_program("groff")

    done = subprocess.run(
        [groff, "-man", "-ww", "-Tascii", "-P-cbou", PAGE],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stderr == ""
    assert "ocsync upload [OPTIONS] FILE... URL" in done.stdout
    assert "--if-exists [replace|skip|fail]" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    """The script asks the program itself."""
    assert run_here(["completion", shell]) == 0

    assert "_OCSYNC_COMPLETE" in capsys.readouterr().out


def test_bash_believes_the_script(run: Run) -> None:
    """It has no mistake in it, and what it asks is answered."""
    bash = require_program("bash")
    script = run("completion", "bash").out

    checked = subprocess.run(
        [bash, "-n"], input=script, text=True, timeout=60, check=False
    )
    words = run(
        COMP_WORDS="ocsync upload --if",
        COMP_CWORD="2",
        _OCSYNC_COMPLETE="bash_complete",
    )

    assert checked.returncode == 0
    assert words.out == "plain,--if-exists\n"


def leaves(
    command: click.Command, *path: str
) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something."""
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        found += leaves(below, *path, name)
    return found


def test_whatever_prints_a_table_prints_json() -> None:
    """What a person reads as a table or a sum, a script reads as JSON."""
    silent = {
        "serve", "sample", "reference", "man", "completion", "health", "add",
        "password", "change", "disable", "enable", "delete", "revoke", "remove",
        "upgrade", "rotate-keys",
    }  # fmt: skip
    lacking = {
        " ".join(path)
        for path, command in leaves(cli)
        if path[-1] not in silent
        and not any("--json" in each.opts for each in command.params)
    }

    assert lacking == set()


@pytest.mark.parametrize("path", sorted({path[:-1] for path, _ in leaves(cli)}))
def test_no_summary_is_cut_short(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    path: tuple[str, ...],
) -> None:
    """In the list of commands, on a terminal of eighty columns."""
    monkeypatch.setenv("COLUMNS", "80")

    assert run_here([*path, "--help"]) == 0

    summaries = capsys.readouterr().out.partition("Commands:")[2]
    assert summaries.strip()
    assert "..." not in summaries
