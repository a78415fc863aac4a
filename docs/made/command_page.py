"""The page of commands, from the definitions that the command line runs."""

from collections.abc import Iterator
from typing import Final

import click

from ocsync.cli.commands import cli

_HEAD: Final = """\
# Commands

`ocsync COMMAND --help` shows the same as this page.
Exit codes are 0 for done, 1 for failed and 2 for wrong usage;
errors are one line on standard error.
"""
_FOOT: Final = """
This page is made from the commands by `python -m docs.made`.
"""


def command_page() -> str:
    """A section for each command, with its subcommands and options."""
    with click.Context(cli, info_name="ocsync", **cli.context_settings) as context:
        sections = "".join(_sections(cli, context))
    return f"{_HEAD}{sections}{_FOOT}"


def _sections(group: click.Group, context: click.Context) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if command.hidden:
            continue
        with click.Context(command, info_name=name, parent=context) as inner:
            level = "##" if context.parent is None else "###"
            yield f"\n{level} {inner.command_path}\n\n{_text(command)}\n"
            if isinstance(command, click.Group):
                yield from _sections(command, inner)
            else:
                yield from _usage(command, inner)


def _text(command: click.Command) -> str:
    paragraphs = (command.help or "").replace("\b", "").strip().split("\n\n")
    return "\n\n".join(
        "\n".join(line.strip() for line in each.splitlines()) for each in paragraphs
    )


def _usage(command: click.Command, context: click.Context) -> Iterator[str]:
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"\n```text\n{context.command_path} {pieces}\n```\n"
    rows = [
        row
        for parameter in command.params
        if (row := parameter.get_help_record(context)) is not None
    ]
    if rows:
        yield "\n| option | |\n|---|---|\n"
        for names, meaning in rows:
            yield f"| `{_cell(names)}` | {_cell(meaning)} |\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
