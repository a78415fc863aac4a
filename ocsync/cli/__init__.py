"""The command line: `ocsync serve`, and what an operator does beside it.

Commands parse arguments, call the library or the server, and print. Tables are for
people; `--json` gives scripts the same as JSON. Results go to standard output,
everything else to standard error.

Exit codes: 0 done, 1 failed, 2 wrong usage. A user's mistake is one line on standard
error, never a traceback.
"""

from ocsync.cli.entry import main

__all__ = ["main"]
