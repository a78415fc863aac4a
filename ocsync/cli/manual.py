"""`ocsync man`: the manual page, made of the same definitions as the help.

It is committed as `docs/ocsync.1`, from where it goes into packages; a test
compares the two. It does not know what commands do, only how they describe themselves.
"""

import re
from collections.abc import Iterator

import click

from ocsync._version import __version__
from ocsync.cli.commands import cli

_ENDING = """\
.SH EXIT STATUS
0 if all is done, 1 if something failed, 2 for wrong usage, 130 after an interrupt.
.SH ENVIRONMENT
.TP
.B OCSYNC_TOKEN
The app token that upload and download sign in with.
.TP
.B OCSYNC_CONFIG
A settings file, as \\-\\-config names it. Each setting has a variable of its own:
.B ocsync config show
lists them.
.SH FILES
.TP
.I ~/.local/state/ocsync/uploads
What upload remembers of unfinished files.
.TP
.I ~/.netrc
Logins for upload and download, by host.
.SH SEE ALSO
The documentation is in docs/ of the source."""


@click.command()
def man() -> None:
    """Print the manual page, as for `man -l -`."""
    click.echo(manual_page())


def manual_page() -> str:
    """The page, as roff with the macros of man(7)."""
    return "\n".join((*_heading(), *_commands(), _ENDING))


def _heading() -> Iterator[str]:
    summary, _, rest = (cli.help or "").partition("\n")
    yield f'.TH OCSYNC 1 "" "ocsync {__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"ocsync \\- {_escape(summary[:1].lower() + summary[1:].rstrip('.'))}"
    yield ".SH SYNOPSIS"
    yield ".B ocsync"
    yield ".I COMMAND"
    yield "[OPTIONS] [ARGUMENTS]"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(rest)
    yield ".SH COMMANDS"


def _commands() -> Iterator[str]:
    context = click.Context(cli, info_name="ocsync")
    for name in cli.list_commands(context):
        yield from _command(context, name)


def _command(parent: click.Context, name: str) -> Iterator[str]:
    assert isinstance(parent.command, click.Group)
    command = parent.command.get_command(parent, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from _command(context, below)
        return
    usage = " ".join(command.collect_usage_pieces(context))
    yield f'.SS "{_escape(context.command_path)} {_escape(usage)}"'
    yield from _paragraphs(command.help or "")
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in record[0]:
            yield ".TP"
            yield f".B {_escape(record[0])}"
            yield _escape(" ".join(record[1].split()))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\r", "").split("\n\n"):
        lines = paragraph.strip().splitlines()
        if not lines:
            continue
        yield ".PP"
        if lines[0].strip() == "\b":
            yield from (".nf", *(_escape(each) for each in lines[1:]), ".fi")
        else:
            yield _escape(" ".join(each.strip() for each in lines))


def _escape(text: str) -> str:
    """Text that is only text to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("…", "...")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text)
    return f"\\&{text}" if text.startswith((".", "'")) else text
