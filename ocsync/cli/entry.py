"""`main`: runs a command, and turns what it raises into one line and an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import Final, NoReturn

import click
from sqlalchemy.exc import ArgumentError, DBAPIError

from ocsync.cli.caller import operator
from ocsync.cli.commands import cli
from ocsync.datadir import DataFolderError
from ocsync.settings import SettingsError
from spaces.audit_model import CALLER
from spaces.db.failures import as_refusal
from spaces.errors import SchemaMismatch, SpacesError

DONE: Final = 0
FAILED: Final = 1
WRONG_USAGE: Final = 2
_INTERRUPTED: Final = 130


def main() -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone (`ocsync … | head`); keep Python's own
        # flush at exit from complaining about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Whatever files a command makes are for the owner only; one that does otherwise
    finds the user's own umask as the context's object.
    """
    umask = os.umask(0o077)
    caller = CALLER.set(operator())
    try:
        result = cli.main(
            arguments, prog_name="ocsync", standalone_mode=False, obj=umask
        )
    except click.exceptions.Abort:
        return _INTERRUPTED
    except click.ClickException as error:
        return _report(error)
    except SettingsError as error:
        return _complain(str(error), WRONG_USAGE)
    except (DataFolderError, SchemaMismatch) as error:
        return _complain(_with_advice(error), FAILED)
    except SpacesError as error:
        return _complain(str(error), FAILED)
    except ArgumentError as error:
        return _complain(f"the database URL makes no sense: {error}", WRONG_USAGE)
    except DBAPIError as error:
        reason = as_refusal(error) or _first_line(error.orig)
        return _complain(f"the database refuses: {reason}", FAILED)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _complain(_os_message(error), FAILED)
    finally:
        CALLER.reset(caller)
    return result if isinstance(result, int) else DONE


def _report(error: click.ClickException) -> int:
    """One line for a mistake; the whole help for a command without arguments."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    return _complain(error.format_message(), error.exit_code, context(error))


def context(error: click.ClickException) -> str:
    """Where help is to be found for a wrong usage."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f" (see {error.ctx.command_path} --help)"
    return ""


def _complain(message: str, code: int, hint: str = "") -> int:
    line = " ".join(message.split()).rstrip(".")
    click.echo(f"ocsync: {line}{hint}", err=True)
    return code


def _with_advice(error: Exception) -> str:
    if isinstance(error, SchemaMismatch):
        return f"{error}: run `ocsync db upgrade`, or a newer program if it is newer"
    return str(error)


def _os_message(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    return f"{error.filename}: {reason}" if error.filename else reason


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().partition("\n")[0] if error else "unknown error"
