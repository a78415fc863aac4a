"""`ocsync completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from ocsync.cli.commands import cli


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what SHELL needs to complete commands and options.

    bash looks for it in ~/.local/share/bash-completion/completions/ocsync, fish in
    ~/.config/fish/completions/ocsync.fish, zsh in a file _ocsync in a folder of $fpath.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(cli, {}, "ocsync", "_OCSYNC_COMPLETE")
    # Not `source()`, which asks the installed bash for its version first.
    click.echo(made.source_template % made.source_vars())
